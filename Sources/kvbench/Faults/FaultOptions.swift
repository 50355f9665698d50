import Service

/// What `kvbench faults` was asked for.
struct FaultOptions {
  var seeds: UInt64 = 10
  var firstSeed: UInt64 = 1
  /// Part of the names of the faults that are wanted; nil for all.
  var only: String?
  /// Where the results go as JSON.
  var json: String?
  var isMarkdown = false
  /// Whether only the mutations of the harness are run.
  var onlyMutations = false
  /// The indexer, for faults that kill it.
  var program: String?

  /// Reads the words after the benchmark's name.
  init(_ words: [String]) throws(SystemError) {
    var words = words[...]
    while let word = words.popFirst() {
      switch word {
      case "--seeds": seeds = try Self.number(word, words.popFirst())
      case "--seed": firstSeed = try Self.number(word, words.popFirst())
      case "--only": only = try Self.value(word, words.popFirst())
      case "--json": json = try Self.value(word, words.popFirst())
      case "--program": program = try Self.value(word, words.popFirst())
      case "--markdown": isMarkdown = true
      case "--mutations": onlyMutations = true
      default: throw Self.refused("unknown option \(word)")
      }
    }
  }

  /// Whether the fault of this name is wanted.
  func wants(_ name: String) -> Bool {
    var scale = Scale()
    scale.only = only
    return scale.wants(name)
  }

  private static func value(_ name: String, _ value: String?) throws(SystemError) -> String {
    guard let value else { throw refused("\(name) needs a value") }
    return value
  }

  private static func number(_ name: String, _ text: String?) throws(SystemError) -> UInt64 {
    let text = try value(name, text)
    guard let number = UInt64(text), (1...1_000_000).contains(number) else {
      throw refused("\(name) takes a whole number from 1, not '\(text)'")
    }
    return number
  }

  private static func refused(_ reason: String) -> SystemError {
    SystemError("understand the arguments", reason: reason)
  }
}

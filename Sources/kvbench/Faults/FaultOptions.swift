import Service

/// What `kvbench faults` was asked for.
struct FaultOptions {
  enum Suite {
    case matrix
    /// Errors of the harness's own making.
    case mutations
    /// Wrong residencies, which deliveries tell of.
    case drift
  }

  var seeds: UInt64 = 10
  var firstSeed: UInt64 = 1
  /// Part of the names of the faults that are wanted; nil for all.
  var only: String?
  /// Runs at a time.
  var runsAtOnce: UInt64 = 1
  /// Where the results go as JSON.
  var json: String?
  /// Whether nothing is printed but what a document shows.
  var isMarkdown = false
  /// What that document calls the build.
  var commit: String?
  /// What is run.
  var suite = Suite.matrix
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
      case "--at-once": runsAtOnce = try Self.number(word, words.popFirst())
      case "--commit": commit = try Self.value(word, words.popFirst())
      case "--markdown": isMarkdown = true
      case "--mutations": suite = .mutations
      case "--drift": suite = .drift
      default: throw Self.refused("unknown option \(word)")
      }
    }
  }

  var seedRange: Range<UInt64> { firstSeed..<firstSeed + seeds }

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

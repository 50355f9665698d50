import Service

/// What `kvbench extproc` was asked for.
struct ExtProcOptions {
  var isSmoke = false
  var isJSON = false
  /// Of each cell.
  var seconds: Double?
  /// Part of the names of the cells that are wanted; nil for all.
  var only: String?
  var seed: UInt64 = 1
  /// Executables in other places than they are looked for.
  var epp: String?
  var envoy: String?

  /// Reads the words after the benchmark's name.
  init(_ words: [String]) throws(SystemError) {
    var words = words[...]
    while let word = words.popFirst() {
      switch word {
      case "--smoke": isSmoke = true
      case "--json": isJSON = true
      case "--seconds": seconds = try Self.number(word, words.popFirst())
      case "--seed": seed = UInt64(try Self.number(word, words.popFirst()))
      case "--only": only = try Self.value(word, words.popFirst())
      case "--epp": epp = try Self.value(word, words.popFirst())
      case "--envoy": envoy = try Self.value(word, words.popFirst())
      default: throw Self.refused("unknown option \(word)")
      }
    }
  }

  /// Whether the cell of this name is wanted.
  func wants(_ cell: String) -> Bool {
    var scale = Scale()
    scale.only = only
    return scale.wants(cell)
  }

  /// No cell's name has what was asked for.
  var nothingWanted: SystemError {
    SystemError("find something to measure", reason: "no name contains '\(only ?? "")'")
  }

  /// The size of something: as measured, or as small as still exercises the code.
  func size(_ full: Int, smoke: Int) -> Int { isSmoke ? smoke : full }

  private static func value(_ name: String, _ value: String?) throws(SystemError) -> String {
    guard let value else { throw refused("\(name) needs a value") }
    return value
  }

  private static func number(_ name: String, _ text: String?) throws(SystemError) -> Double {
    let text = try value(name, text)
    guard let number = Double(text), number > 0, number < 1e9 else {
      throw refused("\(name) takes a number above 0, not '\(text)'")
    }
    return number
  }

  private static func refused(_ reason: String) -> SystemError {
    SystemError("understand the arguments", reason: reason)
  }
}

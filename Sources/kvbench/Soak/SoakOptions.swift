import Service

/// What `kvbench soak` was asked for.
struct SoakOptions {
  var blocks = 50_000_000
  /// How long to go on, whatever was stored by then; nil to count blocks.
  var minutes: Int?
  var byteBudget = 64 << 20
  var seed: UInt64 = 1

  /// Reads the words after the command's name.
  init(_ words: [String]) throws(SystemError) {
    var words = words[...]
    while let word = words.popFirst() {
      guard let value = words.popFirst() else { throw Self.refused("\(word) needs a value") }
      switch word {
      case "--blocks": blocks = try Self.number(word, value, units: ["k": 1000, "M": 1_000_000])
      case "--minutes": minutes = try Self.number(word, value, units: [:])
      case "--budget":
        byteBudget = try Self.number(word, value, units: ["MiB": 1 << 20, "GiB": 1 << 30])
      case "--seed": seed = UInt64(try Self.number(word, value, units: [:]))
      default: throw Self.refused("unknown option \(word)")
      }
    }
    guard byteBudget >= 1 << 20 else { throw Self.refused("--budget takes at least 1MiB") }
  }

  var text: String { minutes.map { "\($0) minutes" } ?? "\(blocks) blocks" }

  /// Whether so much of the run is done.
  func isReached(_ share: Double, stored: Int, since start: UInt64) -> Bool {
    guard let minutes else { return Double(stored) >= share * Double(blocks) }
    let elapsed = Double(MonotonicClock.nowNanoseconds() - start) / 60e9
    return elapsed >= share * Double(minutes)
  }

  private static func number(
    _ name: String, _ text: String, units: [String: Int]
  ) throws(SystemError) -> Int {
    let digits = text.prefix { $0.isNumber }
    let unit = String(text.dropFirst(digits.count))
    guard let count = Int(digits), let factor = unit.isEmpty ? 1 : units[unit], count > 0,
      count <= 1 << 40 / factor
    else { throw refused("\(name) takes a whole number from 1, not '\(text)'") }
    return count * factor
  }

  private static func refused(_ reason: String) -> SystemError {
    SystemError("understand the arguments", reason: reason)
  }
}

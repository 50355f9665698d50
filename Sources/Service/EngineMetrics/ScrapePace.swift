import Tokenize

/// How often the metrics of one endpoint are read.
///
/// Fast while it has requests of ours or its numbers change, then slower and slower. Reading costs
/// an engine's front end time that requests want too: however long a read takes, the pause after it
/// is many times as long.
struct ScrapePace {
  struct Settings: Sendable {
    /// The shortest time between two reads.
    var intervalMin: Duration = .milliseconds(50)
    /// The time between two reads of an endpoint where nothing happens.
    var intervalMax: Duration = .seconds(1)
    /// How many times as long as a read the pause after it is, at least.
    var pausePerRead: UInt64 = 10
  }

  private let min: UInt64
  private let max: UInt64
  private let pausePerRead: UInt64
  private var interval: UInt64

  init(_ settings: Settings) {
    min = Swift.max(settings.intervalMin.wholeNanoseconds, 1)
    max = Swift.max(settings.intervalMax.wholeNanoseconds, min)
    pausePerRead = settings.pausePerRead
    interval = min
  }

  /// The pause after a read that brought something.
  mutating func pause(after took: UInt64, isBusy: Bool) -> UInt64 {
    interval = isBusy ? min : Swift.min(interval * 2, max)
    return Swift.max(interval, took * pausePerRead)
  }

  /// The pause after one of `failures` failed reads in a row: the first is checked at once.
  func pause(afterFailures failures: Int) -> UInt64 { failures <= 1 ? min : max }

  /// The pause after a read that there is no use in repeating soon.
  var longPause: UInt64 { max }
  var shortPause: UInt64 { min }
}

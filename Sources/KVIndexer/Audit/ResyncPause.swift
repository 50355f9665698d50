/// How long one source is left alone between two resyncs.
///
/// A resync that does not help is not tried again at once: the pause doubles with each that follows
/// soon, and is short again once a source has got along for longer than twice its last pause.
public struct ResyncPause: Sendable, Equatable {
  static let shortest: UInt64 = 60_000_000_000
  static let longest: UInt64 = 3_600_000_000_000

  private var last: UInt64?
  private var pause: UInt64 = 0

  /// There was no resync yet.
  public init() {}

  /// Whether the last resync was so long ago that there may be another one.
  public func isOver(now: UInt64) -> Bool { secondsLeft(now: now) == 0 }

  /// Seconds until there may be another one.
  public func secondsLeft(now: UInt64) -> Double {
    guard let last, now &- last < pause else { return 0 }
    return Double(pause - (now - last)) / 1e9
  }

  /// Whether something was wrong soon before, too.
  public func isRepeated(now: UInt64) -> Bool {
    last.map { now &- $0 < 2 * pause } ?? false
  }

  /// Takes note of a resync.
  public mutating func begin(now: UInt64) {
    pause = isRepeated(now: now) ? min(2 * pause, Self.longest) : Self.shortest
    last = now
  }
}

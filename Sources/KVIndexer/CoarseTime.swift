/// A moment on the monotonic clock in tenths of a second: enough for people, in four bytes.
///
/// It wraps after 13 years of uptime.
public struct CoarseTime: Hashable, Comparable, Sendable, BitwiseCopyable {
  public var tenths: UInt32

  /// Nanoseconds of one tenth of a second.
  public static let nanosecondsPerTenth: UInt64 = 100_000_000

  /// A moment that many tenths of a second after the clock's zero.
  public init(tenths: UInt32) { self.tenths = tenths }

  /// The last tenth of a second that began at or before `nanoseconds`.
  public init(nanoseconds: UInt64) {
    tenths = UInt32(truncatingIfNeeded: nanoseconds / Self.nanosecondsPerTenth)
  }

  public static func < (a: CoarseTime, b: CoarseTime) -> Bool { a.tenths < b.tenths }

  /// Seconds from this moment until `later`; 0 when that was before.
  public func seconds(until later: CoarseTime) -> Double {
    later < self ? 0 : Double(later.tenths - tenths) / 10
  }
}

/// When a node was used, in the 16 bits that its cache line has left.
///
///     15      8   7     6         0
///     │ period │ used │ earlier │
///
/// `period`: the last period of four seconds in which a match passed, from 1 to 255 in turn, or 0
/// for none that is remembered. `earlier`: one bit for each of the seven periods before that one,
/// the nearest lowest. `used`: whether a match or a store passed since the clock hand did.
///
/// A match compares bits 7–15 with the present ones and writes where they differ: once a period, so
/// readers hardly ever write, and never twice to the same line at once for nothing. Old periods are
/// forgotten by a sweep long before their numbers come round again.
struct NodeUse: BitwiseCopyable {
  var bits: UInt16

  /// Tenths of a second in a period.
  static var periodTenths: UInt32 { 40 }
  /// Periods over which matches are counted.
  static var periodsCounted: Int { 8 }
  /// Periods after which a match is forgotten.
  static var ageMax: Int { 200 }
  /// Within so many periods the sweep passes every node; with `ageMax` less than all numbers.
  static var sweepPeriods: Int { 50 }

  private static var used: UInt16 { 0x80 }
  private static var earlier: UInt16 { 0x7F }
  /// What a match looks at.
  static var matchMask: UInt16 { 0xFF80 }

  /// Used just now, by a store.
  static var stored: NodeUse { NodeUse(bits: used) }

  /// What bits 7–15 are after a match in `period`.
  @inline(__always)
  static func current(_ period: UInt8) -> UInt16 { UInt16(period) << 8 | used }

  /// The period that comes `steps` after `period`.
  static func period(_ period: UInt8, plus steps: UInt32) -> UInt8 {
    UInt8((UInt32(period) - 1 + steps) % 255 + 1)
  }

  private var period: UInt8 { UInt8(bits >> 8) }

  var isUsed: Bool { bits & Self.used != 0 }

  mutating func noteStore() { bits |= Self.used }

  mutating func clearUsed() { bits &= ~Self.used }

  /// Periods since the last match, 0 when that was in `present`; nil when none is remembered.
  func age(in present: UInt8) -> Int? {
    guard period != 0 else { return nil }
    return (Int(present) - Int(period) + 255) % 255
  }

  /// After a match in `present`.
  func matched(in present: UInt8) -> NodeUse {
    var history: UInt16 = 0
    if let age = age(in: present) {
      history = bits & Self.earlier
      if age > 0 { history = age > 7 ? 0 : (history << 1 | 1) << UInt16(age - 1) }
    }
    return NodeUse(bits: Self.current(present) | history & Self.earlier)
  }

  /// In how many of the last eight periods, the present one among them, a match passed.
  func reads(in present: UInt8) -> Int {
    guard let age = age(in: present), age < Self.periodsCounted else { return 0 }
    let history = (bits & Self.earlier) << 1 | 1
    return (history << UInt16(age) & 0xFF).nonzeroBitCount
  }

  /// Forgets a match of long ago.
  mutating func forget(in present: UInt8) {
    if let age = age(in: present), age >= Self.ageMax { bits &= Self.used }
  }
}

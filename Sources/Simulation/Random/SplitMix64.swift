/// A small, fast generator of pseudo-random numbers whose streams never change.
///
/// The standard library's `random(in:using:)` may consume a generator differently in another
/// release; the methods here are all that simulations draw from, so a seed means the same forever.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) {
    state = seed
  }

  /// The next 64 uniform bits.
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.finish(state)
  }

  /// A uniform number in `0..<bound`; `bound` must be positive.
  package mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "no number is below \(bound)")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A uniform number of `range`.
  package mutating func inside(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.count)
  }

  /// A uniform number in `0..<1`.
  package mutating func fraction() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// Scatters the bits of `value`: one step of the generator from that state.
  static func mix(_ value: UInt64) -> UInt64 {
    finish(value &+ 0x9E37_79B9_7F4A_7C15)
  }

  /// The output function of SplitMix64 (Steele, Lea and Flood 2014).
  private static func finish(_ state: UInt64) -> UInt64 {
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}

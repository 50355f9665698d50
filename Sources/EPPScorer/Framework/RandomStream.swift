/// Pseudo-random numbers from a seed: the same ones for the same seed, in every release.
///
/// SplitMix64 (Steele, Lea and Flood 2014). Random choices draw from it alone, so that a decision
/// can be made again from the memory that it was made with.
public struct RandomStream: RandomNumberGenerator, Equatable, Sendable {
  private var state: UInt64

  /// The stream of a seed.
  public init(seed: UInt64) { state = seed }

  /// The next 64 uniform bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  /// A uniform number in `0..<bound`; `bound` must be positive.
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "no number is below \(bound)")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A uniform number in `0..<1`.
  public mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// The numbers of `0..<count` in any order, each order as likely.
  public mutating func permutation(_ count: Int) -> [Int] {
    var numbers = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) { numbers.swapAt(last, below(last + 1)) }
    return numbers
  }
}

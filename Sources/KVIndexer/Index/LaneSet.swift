/// The lanes of one cache group, at most one a tier: small enough to pass by value.
public struct LaneSet: Sendable, Equatable, BitwiseCopyable {
  private var numbers = SIMD4<Int32>(repeating: -1)

  /// No lane in any tier.
  public init() {}

  /// A lane in the first tier only.
  public init(_ lane: LaneID) { self[.gpu] = lane }

  /// The lane of a tier.
  public subscript(tier: Tier) -> LaneID? {
    @inline(__always) get {
      let number = numbers[Int(tier.rawValue)]
      return number < 0 ? nil : LaneID(Int(number))
    }
    set { numbers[Int(tier.rawValue)] = newValue.map { Int32($0.index) } ?? -1 }
  }

  /// Whether one of the lanes satisfies `predicate`.
  @inline(__always)
  public func contains(where predicate: (LaneID) -> Bool) -> Bool {
    for index in 0..<4 where numbers[index] >= 0 {
      if predicate(LaneID(Int(numbers[index]))) { return true }
    }
    return false
  }

  /// The lanes there are, by tier.
  public var all: [(tier: Tier, lane: LaneID)] {
    Tier.allCases.compactMap { tier in self[tier].map { (tier, $0) } }
  }
}

/// What requests leave behind for later ones.
public struct SchedulerMemory: Sendable {
  /// State of the generator behind every random choice.
  public var seed: UInt64

  /// A memory of nothing.
  public init(seed: UInt64) { self.seed = seed }
}

/// All faults of the matrix.
enum FaultCatalog {
  static let all: [Fault] =
    [none] + restarts + losses + deliveries + replays + intake + membership + names + silences
    + kills + peers + heals + errands

  /// What the others are compared with.
  private static let none = Fault("none", "no fault: traffic, then rest", .exact, then: 10) { _ in }
}

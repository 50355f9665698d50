/// All faults of the matrix.
enum FaultCatalog {
  static let all: [Fault] =
    [none] + restarts + losses + deliveries + replays + intake + membership + kills + heals
    + errands

  /// What the others are compared with.
  private static let none = Fault(
    name: "none", summary: "no fault: traffic, then rest", end: .exact
  ) { stand in
    stand.faultIsOver()
    try stand.traffic(10)
  }
}

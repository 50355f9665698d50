import Service

/// Something that goes wrong, and what it has to end in.
struct Fault: Sendable {
  /// How the sources may end.
  enum End: Sendable, Equatable {
    /// Exact again.
    case exact
    /// Not exact, and said so.
    case honest
    /// Not exact, and for this reason, as the table names it.
    case state(String)
    case either

    var allowsExact: Bool { self == .exact || self == .either }
  }

  let name: String
  /// One line for the table of the documentation.
  let summary: String
  let end: End
  let setup: Setup
  /// What each engine serves once the fault is over.
  let requestsAfter: Int
  /// Brings the fault about; it is over when this returns, unless it said so before.
  let inject: @Sendable (FaultStand) throws -> Void

  init(
    _ name: String, _ summary: String, _ end: End, _ setup: Setup = .plain,
    then requestsAfter: Int = 0, inject: @escaping @Sendable (FaultStand) throws -> Void
  ) {
    self.name = name
    self.summary = summary
    self.end = end
    self.setup = setup
    self.requestsAfter = requestsAfter
    self.inject = inject
  }
}

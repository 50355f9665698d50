import Service

/// Something that goes wrong, and what it has to end in.
struct Fault: Sendable {
  /// How the sources may end.
  enum End: Sendable {
    /// Exact again.
    case exact
    /// Not exact, and said so.
    case honest
    case either
  }

  /// What a run is set up with.
  struct Setup: Sendable {
    var engine = FaultyEngine.Settings()
    var queue = IngestQueue.Limits()
    /// Requests that the engine has served before the indexer begins to follow it.
    var requestsBefore = 0
    /// Whether two engines share the first endpoint's address.
    var hasTwin = false
    /// Whether the other engine suffers, too, so that it need not end exact.
    var reachesAll = false
    /// Whether the indexer is a process of its own, with a directory for its state.
    var isProcess = false
  }

  var name: String
  /// One line for the table of the documentation.
  var summary: String
  var end: End
  var setup = Setup()
  /// Brings the fault about, and says when it is over.
  var inject: @Sendable (FaultStand) throws -> Void
}

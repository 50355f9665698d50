import Service

extension Fault {
  /// What a run is set up with.
  struct Setup: Sendable {
    /// Of the engine with the fault.
    var engine = FaultyEngine.Settings()
    var queue = IngestQueue.Limits()
    /// Bytes that the index may take; nil for the usual.
    var memoryBudget: Int?
    /// Requests that the engine has served before the indexer begins to follow it.
    var requestsBefore = 0
    /// Whether two engines share the first endpoint's address.
    var hasTwin = false
    /// Whether the other engine suffers, too, so that it need not end exact.
    var reachesAll = false
    /// Whether the indexer is a process of its own, with a directory for its state.
    var isProcess = false
    /// Whether another indexer with the same hash key follows the engines from the beginning.
    var hasSibling = false
    /// Whether the engine is made known over the API instead of the endpoints file.
    var isRegistered = false
    /// Whether the endpoints file asks for a topic that the engine does not have.
    var isDeaf = false
    /// Whether it names no replay endpoint.
    var hidesReplay = false
  }
}

extension Fault.Setup {
  /// Two engines with rings that keep everything, an indexer in this process.
  static let plain = Fault.Setup()

  var withoutReplay: Self { with { $0.engine.hasReplay = false } }

  /// The ring keeps so many messages.
  func ring(_ batches: Int) -> Self { with { $0.engine.ringBatches = batches } }

  /// The indexer starts late.
  var late: Self { with { $0.requestsBefore = 25 } }

  /// The engine says of itself over HTTP what it has and does.
  var measured: Self { with { $0.engine.hasMetrics = true } }

  var process: Self { with { $0.isProcess = true } }

  /// This setup with a change.
  func with(_ change: (inout Self) -> Void) -> Self {
    var setup = self
    change(&setup)
    return setup
  }
}

import EPPScorer
import KVIndexer

/// Keeps the pool, and what approximations know of engines' caches, in step with the fleet.
final class PickerEngines: @unchecked Sendable {
  let pool: PickerPool
  /// What engines say of themselves.
  let engines: FleetEngines
  private let approximations: [ApproximateProducer]
  private let lock = Lock()
  /// What the approximations were told last; under the lock.
  private var told: [(endpoint: PickerEndpoint, cache: EngineCache?)] = []

  init(_ engines: FleetEngines, pool: PickerPool, approximations: [ApproximateProducer]) {
    self.engines = engines
    self.pool = pool
    self.approximations = approximations
    engines.follow { [unowned self] in
      pool.set($0)
      refreshCaches()
    }
  }

  /// Tells the approximations what engines say of their caches, where that has changed.
  func refreshCaches() {
    lock.withLock {
      let current = pool.endpoints.map { (endpoint: $0, cache: $0.cache) }
      guard
        !current.elementsEqual(told, by: { $0.endpoint === $1.endpoint && $0.cache == $1.cache })
      else { return }
      told = current
      for approximation in approximations { approximation.set(current) }
    }
  }

  // MARK: What others notice

  /// Requests of ours began or ended at an endpoint.
  func noteInFlight(_ endpoint: PickerEndpoint) {
    engines.noteInFlight(endpoint.id, endpoint.inFlight.requests)
  }

  /// An endpoint's engine may be gone.
  func noteFailure(of endpoint: PickerEndpoint) {
    engines.noteFailure(endpoint.id, at: endpoint.member.configuration.address)
  }

  /// The connection to an endpoint's KV events was lost.
  func noteDisconnection(of source: SourceID) {
    for endpoint in pool.endpoints
    where endpoint.member.sources.contains(where: { $0.id == source }) {
      noteFailure(of: endpoint)
    }
  }
}

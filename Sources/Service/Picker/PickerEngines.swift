import EPPScorer
import KVIndexer

/// Keeps the pool, what is read of its engines, and what approximations know of their caches in
/// step with the fleet.
final class PickerEngines: @unchecked Sendable {
  let pool: PickerPool
  private let approximations: [ApproximateProducer]
  private let setup: PickerSetup.EngineMetricsSetup?
  /// Nil when no metrics are to be read.
  private let scraper: EngineMetricsScraper?
  private let log: Log
  private let lock = Lock()
  // Under the lock:
  /// What the approximations were told last.
  private var told: [(endpoint: PickerEndpoint, cache: EngineCache?)] = []
  private var members: [EndpointConfiguration.Identity: FleetMembership.Member] = [:]
  private var resolver: EndpointResolver?

  /// Begins to read; there are no endpoints yet.
  ///
  /// - Throws: `HTTPClientError` when libcurl does not start.
  init(
    _ setup: PickerSetup.EngineMetricsSetup?, interval: Duration, pool: PickerPool,
    approximations: [ApproximateProducer], log: Log
  ) throws(HTTPClientError) {
    self.pool = pool
    self.approximations = approximations
    self.setup = setup
    self.log = log
    if let setup {
      scraper = try EngineMetricsScraper(
        settings: .init(setup.source, interval: interval), log: log)
    } else {
      scraper = nil
    }
  }

  func stop() {
    lock.withLock { resolver }?.stop()
    scraper?.stop()
  }

  /// Takes over the fleet's members; those whose host name never resolved are left out.
  func set(_ members: [FleetMembership.Member]) {
    let resolver = lock.withLock {
      self.members = Dictionary(
        uniqueKeysWithValues: members.map { ($0.configuration.identity, $0) })
      let resolver = self.resolver ?? EndpointResolver(log: log) { [unowned self] in set($0) }
      self.resolver = resolver
      return resolver
    }
    resolver.setEndpoints(members.map(\.configuration))
  }

  private func set(_ resolved: [ResolvedEndpoint]) {
    let members = lock.withLock { self.members }
    let endpoints = resolved.compactMap { resolved in
      let configuration = resolved.configuration
      return members[configuration.identity].map { member in
        let id = EndpointID(
          namespace: configuration.identity.namespace, name: configuration.identity.name)
        let endpoint = Endpoint(
          id: id, host: resolved.host, port: configuration.port, labels: configuration.labels)
        return (endpoint: endpoint, member: member)
      }
    }
    if let scraper, let setup {
      scraper.setEndpoints(endpoints.map { target($0.endpoint, $0.member, setup) })
    }
    pool.set(endpoints) { scraper?.reading(of: $0) }
    refreshCaches()
  }

  private func target(
    _ endpoint: Endpoint, _ member: FleetMembership.Member, _ setup: PickerSetup.EngineMetricsSetup
  ) -> ScrapeTarget {
    let extractor = setup.extractor
    let name = endpoint.labels[extractor.engineLabelKey] ?? extractor.defaultEngine
    let engine =
      extractor.engines.first { $0.name == name }
      ?? extractor.engines.first { $0.name == extractor.defaultEngine } ?? EngineMetrics(name: name)
    return ScrapeTarget(
      id: endpoint.id, host: endpoint.host, port: endpoint.port, source: setup.source,
      address: member.configuration.metrics, engine: engine)
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
    scraper?.noteInFlight(endpoint.id, endpoint.inFlight.requests)
  }

  /// An endpoint's engine may be gone.
  func noteFailure(of endpoint: PickerEndpoint) {
    scraper?.noteFailure(endpoint.id)
    lock.withLock { resolver }?.noteFailure(endpoint.member.configuration.address)
  }

  /// The connection to an endpoint's KV events was lost.
  func noteDisconnection(of source: SourceID) {
    for endpoint in pool.endpoints
    where endpoint.member.sources.contains(where: { $0.id == source }) {
      noteFailure(of: endpoint)
    }
  }

  // MARK: Metrics

  func add(to text: inout MetricsText) {
    guard let metrics = scraper?.metrics else { return }
    text.add(
      "kvindexer_epp_engine_reads_total", help: "Reads of engines' metrics, by outcome.",
      metrics.reads)
    text.add(
      "kvindexer_epp_engine_read_bytes_total", help: "Bytes of engines' metrics.", metrics.bytes)
    text.add(
      "kvindexer_epp_engine_read_seconds", help: "Time of a read of an engine's metrics.",
      metrics.latency)
    text.add(
      "kvindexer_epp_engine_reads_hastened_total",
      help: "Reads that a sign of failure brought forward.", metrics.hastened)
  }

  /// Failures to ask engines, and to read what they say.
  var errors: (poll: Int, extract: Int) {
    (scraper?.metrics.pollErrors ?? 0, scraper?.metrics.extractErrors ?? 0)
  }
}

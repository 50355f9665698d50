import EPPScorer
import KVIndexer

/// The fleet's endpoints with their host names looked up, and what their engines say of themselves.
package final class FleetEngines: @unchecked Sendable {
  /// Where engines' metrics are, and how often they are read.
  package struct Settings: Sendable {
    var source: MetricsDataSource
    var extractor: CoreMetricsExtractor
    /// The shortest time between two reads of an endpoint.
    package var interval: Duration
    /// The time between two reads of an endpoint where nothing happens; nil for the usual one.
    var intervalMax: Duration?
    /// The age at which schedulers take numbers for stale; nil for the usual one.
    var staleAfter: Duration?

    init(_ source: MetricsDataSource, _ extractor: CoreMetricsExtractor, interval: Duration) {
      self.source = source
      self.extractor = extractor
      self.interval = interval
    }

    /// What a picker's configuration asks for.
    ///
    /// - Parameter interval: Where it does not say.
    init(_ setup: PickerSetup.EngineMetricsSetup, interval: Duration) {
      self.init(setup.source, setup.extractor, interval: interval)
      staleAfter = setup.staleAfter
    }

    /// For people and pages: what vLLM and others serve at their own port, every few seconds.
    package static let inspection = Settings(
      MetricsDataSource(), CoreMetricsExtractor(), interval: .seconds(2))
  }

  /// An endpoint whose address is known.
  struct Located: Sendable {
    var endpoint: Endpoint
    var member: FleetMembership.Member
    /// Nil when no metrics are to be read.
    var reading: EngineReading?
  }

  private let settings: Settings?
  /// Nil when no metrics are to be read.
  private let scraper: EngineMetricsScraper?
  private let log: Log
  private let lock = Lock()
  // Under the lock:
  private var changed: @Sendable ([Located]) -> Void = { _ in }
  private var members: [EndpointConfiguration.Identity: FleetMembership.Member] = [:]
  private var readings: [String: EngineReading] = [:]
  private var resolver: EndpointResolver?

  /// Begins to read; there are no endpoints yet.
  ///
  /// - Parameter settings: Nil to read no metrics.
  /// - Throws: `HTTPClientError` when libcurl does not start.
  init(_ settings: Settings?, log: Log) throws(HTTPClientError) {
    self.settings = settings
    self.log = log
    if let settings {
      var scraping = EngineMetricsScraper.Settings(settings.source, interval: settings.interval)
      if let interval = settings.intervalMax { scraping.intervalMax = interval }
      if let age = settings.staleAfter { scraping.staleAfter = age }
      scraper = try EngineMetricsScraper(settings: scraping, log: log)
    } else {
      scraper = nil
    }
  }

  /// Tells `changed` of all endpoints that have an address, whenever that is another list.
  func follow(_ changed: @escaping @Sendable ([Located]) -> Void) {
    lock.withLock { self.changed = changed }
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
    var located = resolved.compactMap { resolved in
      let configuration = resolved.configuration
      return members[configuration.identity].map { member in
        let id = EndpointID(
          namespace: configuration.identity.namespace, name: configuration.identity.name)
        let endpoint = Endpoint(
          id: id, host: resolved.host, port: configuration.port, labels: configuration.labels)
        return Located(endpoint: endpoint, member: member)
      }
    }
    if let scraper, let settings {
      scraper.setEndpoints(located.map { Self.target($0, settings) })
      for index in located.indices {
        located[index].reading = scraper.reading(of: located[index].endpoint.id)
      }
    }
    let changed = lock.withLock {
      readings = Dictionary(
        uniqueKeysWithValues: located.compactMap { entry in
          entry.reading.map { (entry.member.name, $0) }
        })
      return self.changed
    }
    changed(located)
  }

  private static func target(_ located: Located, _ settings: Settings) -> ScrapeTarget {
    let endpoint = located.endpoint
    return ScrapeTarget(
      id: endpoint.id, host: endpoint.host, port: endpoint.port, source: settings.source,
      address: located.member.configuration.metrics,
      engine: settings.extractor.engine(labels: endpoint.labels))
  }

  /// What an endpoint's engine said last, by the endpoint's name; nil where nobody asks it.
  func snapshot(ofEndpoint name: String) -> EngineSnapshot? {
    lock.withLock { readings[name] }?.snapshot
  }

  /// Blocks that one rank's engine has room for, as its metrics say; nil where they do not.
  ///
  /// vLLM counts a null block among them, which holds nothing.
  func capacityBlocks(of member: FleetMembership.Member) -> Int? {
    guard let snapshot = snapshot(ofEndpoint: member.name), snapshot.readAt != nil,
      let blocks = snapshot.report.blockCount, !member.sources.isEmpty
    else { return nil }
    return max(blocks / member.sources.count - 1, 0)
  }

  // MARK: What others notice

  /// Requests of ours began or ended at an endpoint.
  func noteInFlight(_ id: EndpointID, _ requests: Int) { scraper?.noteInFlight(id, requests) }

  /// An endpoint's engine may be gone.
  func noteFailure(_ id: EndpointID, at address: HostName) {
    scraper?.noteFailure(id)
    lock.withLock { resolver }?.noteFailure(address)
  }

  // MARK: Metrics

  func add(to text: inout MetricsText) {
    guard let metrics = scraper?.metrics else { return }
    text.add(
      "kvindexer_engine_reads_total", help: "Reads of engines' metrics, by outcome.",
      metrics.reads)
    text.add(
      "kvindexer_engine_read_bytes_total", help: "Bytes of engines' metrics.", metrics.bytes)
    text.add(
      "kvindexer_engine_read_seconds", help: "Time of a read of an engine's metrics.",
      metrics.latency)
    text.add(
      "kvindexer_engine_reads_hastened_total",
      help: "Reads that a sign of failure brought forward.", metrics.hastened)
  }

  /// Failures to ask engines, and to read what they say.
  var errors: (poll: Int, extract: Int) {
    (scraper?.metrics.pollErrors ?? 0, scraper?.metrics.extractErrors ?? 0)
  }
}

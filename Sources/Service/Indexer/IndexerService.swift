import KVIndexer

/// The indexer: subscriptions, ingest, index and API, assembled.
package final class IndexerService: Sendable {
  package let addresses: [ListenAddress]
  /// The index, for what shares the process with the service.
  package let fleet: SharedFleet
  private let configuration: ServiceConfiguration
  private let subscriptions: SubscriptionLoop
  private let ingest: Ingest
  private let membership: FleetMembership
  private let watcher: EndpointsWatcher?
  private let server: HTTPServer
  private let housekeeping: Housekeeping

  /// Starts everything; the service answers when this returns.
  ///
  /// - Throws: `SystemError` when an address can't be listened on, `YAMLError` when the endpoints
  ///   file is not good to begin with.
  package init(_ configuration: ServiceConfiguration) throws {
    let log = configuration.log
    let hasher = configuration.hashKey.map { BlockHasher(sharedKey: $0) } ?? BlockHasher()
    let fleet = SharedFleet(FleetIndex(hasher: hasher, byteBudget: configuration.memoryBudget))
    let queue = IngestQueue(limits: configuration.queue)
    let subscriptions = SubscriptionLoop(settings: configuration.subscriptions) { queue.push($0) }
    let metrics = ServiceMetrics()
    let ingest = Ingest(
      fleet: fleet, queue: queue, metrics: metrics, log: log,
      feedback: Ingest.Feedback(
        undecodable: { subscriptions.undecodable($0, $1, sequence: $2) },
        historyCleared: { subscriptions.historyCleared($0, $1, sequence: $2) }))
    let membership = FleetMembership(
      fleet: fleet, subscriptions: subscriptions, defaultModel: configuration.model, log: log)
    for endpoint in configuration.endpoints { membership.add(endpoint) }
    let accepted = Counter()
    watcher = try configuration.endpointsFile.map { file in
      try EndpointsWatcher(file) { event in
        switch event {
        case .accepted(let change):
          accepted.add()
          for warning in change.warnings { log(.warning, "\(warning)") }
          membership.apply(change)
        case .rejected(let error) where accepted.value == 0:
          // Thrown by the watcher as well.
          log(.debug, "\(error)")
        case .rejected(let error):
          log(.error, "\(error); the last good endpoints stay in force")
        }
      }
    }
    let api = IndexerAPI(
      fleet: fleet, membership: membership, subscriptions: subscriptions, ingest: ingest,
      metrics: metrics, endpointsFile: watcher)
    let router = api.routes
    server = try HTTPServer(
      configuration.listen, limits: configuration.http, log: { log(.debug, "http: \($0)") },
      handler: { router.respond(to: $0, $1) })
    addresses = server.addresses
    self.fleet = fleet
    self.configuration = configuration
    self.subscriptions = subscriptions
    self.ingest = ingest
    self.membership = membership
    housekeeping = Housekeeping(fleet: fleet)
    ingest.start()
    subscriptions.start()
    housekeeping.start()
  }

  /// Answers what has begun, applies what has arrived, and ends all threads.
  package func stop() {
    watcher?.stop()
    let cutOff = server.stop(waitingAtMost: configuration.stopLimit)
    if cutOff > 0 { configuration.log(.warning, "\(cutOff) requests were cut off") }
    subscriptions.stop()
    ingest.stop()
    housekeeping.stop()
  }
}

import KVIndexer

/// The way of events from the engines' sockets into the index: subscriptions, queue, ingest.
final class EventIntake: Sendable {
  let fleet: SharedFleet
  let subscriptions: SubscriptionLoop
  let ingest: Ingest
  /// Tells how sources can be believed.
  let trustLog: TrustLog

  /// - Parameter disconnected: Told of a source whose connection was lost, on the ingest's thread.
  init(
    _ configuration: ServiceConfiguration, metrics: ServiceMetrics,
    disconnected: @escaping @Sendable (SourceID) -> Void
  ) {
    let hasher = configuration.hashKey.map { BlockHasher(sharedKey: $0) } ?? BlockHasher()
    fleet = SharedFleet(FleetIndex(hasher: hasher, byteBudget: configuration.memoryBudget))
    let queue = IngestQueue(limits: configuration.queue)
    let subscriptions = SubscriptionLoop(settings: configuration.subscriptions) { queue.push($0) }
    self.subscriptions = subscriptions
    trustLog = TrustLog(fleet: fleet, log: configuration.log)
    ingest = Ingest(
      fleet: fleet, queue: queue, metrics: metrics, log: trustLog,
      feedback: Ingest.Feedback(
        undecodable: { subscriptions.undecodable($0, $1, sequence: $2) },
        historyCleared: { subscriptions.historyCleared($0, $1, sequence: $2) },
        doubted: { subscriptions.suspect($0, $1) }, disconnected: disconnected))
  }

  func start() {
    ingest.start()
    subscriptions.start()
  }

  /// Applies what has arrived.
  func stop() {
    subscriptions.stop()
    ingest.stop()
  }
}

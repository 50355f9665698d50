import KVIndexer

/// The way of events from the engines' sockets into the index: subscriptions, queue, ingest.
final class EventIntake: Sendable {
  let fleet: SharedFleet
  let conflicts: IdentityConflicts
  let subscriptions: SubscriptionLoop
  let ingest: Ingest

  /// - Parameter disconnected: Told of a source whose connection was lost, on the ingest's thread.
  init(
    _ configuration: ServiceConfiguration, metrics: ServiceMetrics,
    disconnected: @escaping @Sendable (SourceID) -> Void
  ) {
    let hasher = configuration.hashKey.map { BlockHasher(sharedKey: $0) } ?? BlockHasher()
    fleet = SharedFleet(FleetIndex(hasher: hasher, byteBudget: configuration.memoryBudget))
    let queue = IngestQueue(limits: configuration.queue)
    let conflicts = IdentityConflicts(fleet: fleet, log: configuration.log)
    self.conflicts = conflicts
    let subscriptions = SubscriptionLoop(
      settings: configuration.subscriptions,
      onTwins: { conflicts.add($0, $1, .messages) }, sink: { queue.push($0) })
    self.subscriptions = subscriptions
    ingest = Ingest(
      fleet: fleet, queue: queue, metrics: metrics, log: configuration.log,
      feedback: Ingest.Feedback(
        undecodable: { subscriptions.undecodable($0, $1, sequence: $2) },
        historyCleared: { subscriptions.historyCleared($0, $1, sequence: $2) },
        disconnected: disconnected,
        incarnation: { conflicts.noteIncarnation(of: $0) },
        removed: { conflicts.remove($0) }))
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

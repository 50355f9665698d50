import KVIndexer

/// The way of events from the engines' sockets into the index: subscriptions, queue, ingest.
final class EventIntake: Sendable {
  let fleet: SharedFleet
  let conflicts: IdentityConflicts
  let subscriptions: SubscriptionLoop
  let ingest: Ingest
  /// Tells how sources can be believed.
  let trustLog: TrustLog

  /// - Parameters:
  ///   - directory: Where the last process left its key and what it knew; nil for nowhere.
  ///   - disconnected: Told of a source whose connection was lost, on the ingest's thread.
  /// - Throws: `SystemError` when there is no reading or making the directory's key.
  init(
    _ configuration: ServiceConfiguration, metrics: ServiceMetrics, directory: StateDirectory?,
    disconnected: @escaping @Sendable (SourceID) -> Void
  ) throws(SystemError) {
    var key = configuration.hashKey
    if key == nil { key = try directory?.hashKey() }
    let hasher = key.map { BlockHasher(sharedKey: $0) } ?? BlockHasher()
    fleet = SharedFleet(WarmStart.fleet(configuration, hasher: hasher, directory: directory))
    let queue = IngestQueue(limits: configuration.queue)
    let conflicts = IdentityConflicts(fleet: fleet, log: configuration.log)
    self.conflicts = conflicts
    let trustLog = TrustLog(fleet: fleet, log: configuration.log)
    self.trustLog = trustLog
    var outlet = SubscriptionOutlet { queue.push($0) }
    outlet.hasRoom = { queue.hasRoom(for: $0, bytes: $1) }
    outlet.onTwins = { conflicts.add($0, $1, .messages) }
    outlet.onBadSnapshot = { source, error in
      trustLog.say(.warning, of: source, "the engine's snapshot is of no use: \(error)")
    }
    let subscriptions = SubscriptionLoop(settings: configuration.subscriptions, outlet)
    self.subscriptions = subscriptions
    queue.onRoom { subscriptions.noteRoom() }
    ingest = Ingest(
      fleet: fleet, queue: queue, metrics: metrics, log: trustLog,
      feedback: Ingest.Feedback(
        undecodable: { subscriptions.undecodable($0, $1, sequence: $2) },
        historyCleared: { subscriptions.historyCleared($0, $1, sequence: $2) },
        doubted: { subscriptions.suspect($0, $1) }, disconnected: disconnected,
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

package import KVIndexer

/// What happened on a source's subscription since it was added.
package struct SubscriptionCounters: Sendable, Equatable {
  /// Well-formed messages and their payload bytes, live and replayed.
  package var liveMessages: UInt64 = 0
  package var replayedMessages: UInt64 = 0
  package var payloadBytes: UInt64 = 0
  /// Messages that the consumer accepted.
  package var deliveredMessages: UInt64 = 0
  /// Ranges declared lost, those before a late join apart, and the messages in them.
  package var gaps: UInt64 = 0
  package var lostMessages: UInt64 = 0
  /// Messages before a late join, out of reach of a replay.
  package var missedBeforeJoining: UInt64 = 0
  package var duplicates: UInt64 = 0
  /// Messages of an exchange or incarnation that was over.
  package var staleMessages: UInt64 = 0
  /// New incarnations, by what showed that there is one.
  package var incarnations: [IncarnationCause: UInt64] = [:]
  package var connections: UInt64 = 0
  package var disconnections: UInt64 = 0
  package var replaysRequested: UInt64 = 0
  /// Answers with everything that was asked for.
  package var replaysComplete: UInt64 = 0
  /// Answers that began later than asked or had a hole.
  package var replaysPartial: UInt64 = 0
  package var replaysEmpty: UInt64 = 0
  package var replaysFailed: UInt64 = 0
  /// Exchanges closed because they had become pointless.
  package var replaysCancelled: UInt64 = 0
  package var snapshotsRequested: UInt64 = 0
  /// Snapshots of the engine that were handed over.
  package var snapshotsTaken: UInt64 = 0
  /// Requests that were answered with the end alone.
  package var snapshotsNotOffered: UInt64 = 0
  /// Snapshots that were cut off, made no sense, or could not be proven.
  package var snapshotsFailed: UInt64 = 0
  /// How often a replay had to wait because the consumer had no room.
  package var roomWaits: UInt64 = 0
  /// Batches that the consumer refused.
  package var overflows: UInt64 = 0
  /// Live messages that found no room while a replay was open.
  package var holdOverflows: UInt64 = 0
  package var malformedMessages: UInt64 = 0
  /// Of the last message that was not known before, and when that came.
  package var lastSequence: UInt64?
  package var lastReceivedNanoseconds: UInt64?

  package init() {}
}

/// What is known of a source's subscription at one moment.
package struct SubscriptionSnapshot: Sendable, Equatable {
  package var state = TrackerState.connecting
  package var incarnation = Incarnation(0)
  package var counters = SubscriptionCounters()
  /// Peers connected to us: at most one unless the endpoint is bound.
  package var peers = 0
  /// Whether messages come by replays only.
  package var isDeaf = false
  /// The topic of the last live message: a diagnostic, never an identity.
  package var topic = ""
  /// The endpoint of the event socket, with the port that the system chose for a bound one.
  package var endpoint = ""

  package init() {}
}

package import KVIndexer

/// Where the events of one source come from.
package struct SubscriptionTarget: Sendable, Equatable {
  package var source: SourceID
  /// A ZeroMQ endpoint, for example `tcp://10.0.0.7:5557`.
  package var endpoint: String
  /// Where missed messages can be asked for; nil when the engine offers no replay.
  package var replayEndpoint: String?
  /// Whether the engine connects to us, as it does when several share one endpoint of ours.
  package var isBound: Bool
  /// A prefix of the topics to take; empty for all.
  package var topic: String

  /// - Parameter isBound: By default whether the endpoint's host is `*`.
  package init(
    source: SourceID, endpoint: String, replayEndpoint: String? = nil, isBound: Bool? = nil,
    topic: String = ""
  ) {
    self.source = source
    self.endpoint = endpoint
    self.replayEndpoint = replayEndpoint
    self.isBound = isBound ?? endpoint.hasPrefix("tcp://*:")
    self.topic = topic
  }
}

/// How subscriptions behave; each default is written here and nowhere else.
package struct SubscriptionSettings: Sendable, Equatable {
  /// Messages that libzmq queues for a source, and for a replay, before it drops some.
  package var receiveHighWaterMark: Int32 = 100_000
  /// A peer that sends a longer message is disconnected.
  package var messageBytesMax: Int64 = 64 << 20
  package var connectTimeoutMilliseconds: Int32 = 5_000
  package var reconnectMilliseconds: Int32 = 100
  package var reconnectMillisecondsMax: Int32 = 2_000
  /// ZMTP pings on an idle connection; a peer that answers none in time is disconnected.
  package var heartbeatMilliseconds: Int32 = 5_000
  package var heartbeatTimeoutMilliseconds: Int32 = 15_000
  package var keepaliveIdleSeconds: Int32 = 30
  package var keepaliveIntervalSeconds: Int32 = 10
  package var keepaliveProbes: Int32 = 3
  /// A replay that brings nothing for so long has failed.
  package var replayTimeoutMilliseconds: UInt64 = 5_000
  /// A replay that has not ended after so long has failed; the next one goes on where it was.
  package var replayLimitMilliseconds: UInt64 = 20_000
  /// A replay that waits for room in the consumer's queue for so long has failed.
  package var roomWaitMilliseconds: UInt64 = 60_000
  /// A snapshot of an engine with more bytes is given up.
  package var snapshotBytesMax = 256 << 20
  /// Replays that are open at once, over all sources.
  package var replaysMax = 8
  /// Replays after a reconnection or a failure wait for a random time below this one.
  package var replayJitterMilliseconds: UInt64 = 100
  /// Of those random times.
  package var replaySeed = UInt64.random(in: .min ... .max)
  /// Messages taken from one socket before the others get their turn.
  package var sliceMessages = 64
  package var heldMessagesMax = 16_384
  package var heldBytesMax = 64 << 20
  package var replayAttemptsMax = 3
  package var replayRetryMilliseconds: UInt64 = 500
  /// A source that was quiet for so long is asked whether its last message was lost.
  package var quietMilliseconds: UInt64 = 3_000

  package init() {}

  func tracker(hasReplay: Bool) -> SequenceTracker.Settings {
    var tracker = SequenceTracker.Settings(hasReplay: hasReplay)
    tracker.heldMessagesMax = heldMessagesMax
    tracker.heldBytesMax = heldBytesMax
    tracker.replayAttemptsMax = replayAttemptsMax
    tracker.retryDelayNanoseconds = replayRetryMilliseconds * 1_000_000
    tracker.quietNanoseconds = quietMilliseconds * 1_000_000
    return tracker
  }
}

package import KVIndexer

/// An endpoint as the endpoints file describes it.
package struct EndpointConfiguration: Sendable, Equatable {
  /// What an endpoint is known by; unique in a file.
  package struct Identity: Sendable, Hashable, CustomStringConvertible {
    package var namespace: String
    package var name: String

    package var description: String { "\(namespace)/\(name)" }
  }

  package var identity: Identity
  package var address: HostName
  package var port: UInt16
  package var labels: [String: String]
  /// The model that it serves; nil when the file does not say.
  package var model: String?
  /// Tokens a block; nil to learn it from the events.
  package var blockSize: Int?
  /// Bytes that the KV of a token takes in the engine's cache; nil when the file does not say.
  package var bytesPerToken: Int?
  /// A prefix of the topics of its KV events; empty for all.
  package var topic: String
  /// How often a block that was stored twice must be removed.
  package var duplicates = HashScope.DuplicateRule.counted
  /// One a data-parallel rank, in the order of ranks; empty when it publishes no KV events.
  package var sources: [EventSourceConfiguration]
  /// Where its metrics are; nil when the file does not say.
  package var metrics: MetricsAddress?

  package var name: String { identity.name }

  /// Where requests go, with an IPv6 address in brackets.
  package var authority: String { "\(address):\(port)" }
}

/// Where the KV events of one rank come from.
package struct EventSourceConfiguration: Sendable, Equatable {
  package var rank: Int
  package var eventAddress: EventAddress
  /// Where missed messages can be asked for; nil when the engine offers no replay.
  package var replayAddress: EventAddress?
  /// Whether the engine connects to us.
  package var isBound: Bool
  /// Whether the address is a relay's, where topics tell sources apart.
  package var isRelayed = false
}

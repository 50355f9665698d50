package import EPPScorer
import KVIndexer

/// Where the KV events of endpoints are that do not say so themselves.
package struct KVEventsDefaults: Sendable, Equatable {
  /// A port of the endpoint's own host, which is vLLM's default; nil when there are no events.
  package var port: UInt16? = 5557
  /// Where replays can be asked for; nil when engines offer none.
  package var replayPort: UInt16?
  /// A prefix of the topics.
  package var topic = ""
  /// Where all engines publish, told apart by topics `kv@HOST:PORT@MODEL`, which the endpoint's
  /// address and port stand in; nil when each has an address of its own.
  package var relay: EventAddress?

  package init() {}

  /// What a plan says of its endpoints' events.
  package init(_ events: PrecisePrefixCacheProducer.Events) {
    port = events.discoversEndpoints ? events.port : nil
    replayPort = events.discoversEndpoints ? events.replayPort : nil
    // An address that is one endpoint's needs no filter: what comes there is its own.
    topic =
      events.topicFilter == PrecisePrefixCacheProducer.Events().topicFilter
      ? "" : events.topicFilter
  }
}

/// The `kvEvents` of an entry: where an endpoint publishes its KV events.
struct KVEventsEntry {
  /// More than any engine has; it keeps a slip of the finger from opening thousands of sockets.
  static let ranksMax = 1024

  var sources: [EventSourceConfiguration] = []
  var blockSize: Int?
  var bytesPerToken: Int?
  var topic: String
  var duplicates = HashScope.DuplicateRule.counted

  /// Reads the mapping, or takes the defaults when there is none.
  ///
  /// - Parameter address: The endpoint's address, nil when it has a fault.
  /// - Returns: Nil when there are faults, here or in the address.
  init?(
    _ value: YAMLValue?, address: HostName?, port: UInt16?, _ defaults: KVEventsDefaults
  ) {
    topic = defaults.topic
    func standard(_ port: UInt16?) -> EventAddress? {
      port.flatMap { port in address.map { .tcp(host: $0, port: port) } }
    }
    let relayed: EventSourceConfiguration? = defaults.relay.map {
      EventSourceConfiguration(
        rank: 0, eventAddress: $0, replayAddress: standard(defaults.replayPort), isBound: false,
        isRelayed: true)
    }
    let relayTopic = "kv@\(address.map(\.description) ?? ""):\(port ?? 0)@"
    guard let value else {
      guard address != nil else { return nil }
      if let relayed {
        topic = relayTopic
        sources = [relayed]
        return
      }
      sources =
        standard(defaults.port).map { events in
          [
            EventSourceConfiguration(
              rank: 0, eventAddress: events, replayAddress: standard(defaults.replayPort),
              isBound: false)
          ]
        } ?? []
      return
    }
    let faultsBefore = value.reading.faultCount
    guard var fields = value.fields() else { return nil }
    let eventValue = fields.optional("endpoint")
    let replayValue = fields.optional("replayEndpoint")
    let ranksValue = fields.optional("ranks")
    let bindValue = fields.optional("bind")
    blockSize = fields.optional("blockSize")?.integer(in: 1...65_536)
    bytesPerToken = fields.optional("bytesPerToken")?.integer(in: 1...1 << 30)
    topic = fields.optional("topic")?.string() ?? defaults.topic
    if let value = fields.optional("duplicates"), let text = value.string() {
      switch text {
      case "counted": duplicates = .counted
      case "once": duplicates = .once
      default: value.reject("expected 'counted' or 'once', not '\(text)'")
      }
    }
    fields.rejectUnknown()
    if let relayed, eventValue == nil, ranksValue == nil {
      guard value.reading.faultCount == faultsBefore else { return nil }
      topic = relayTopic
      sources = [relayed]
      return
    }

    let event = eventValue.map(Self.eventAddress) ?? standard(defaults.port)
    // The port of replays goes with that of events: who names one of them names both.
    let replay =
      replayValue.map(Self.eventAddress)
      ?? (eventValue == nil ? standard(defaults.replayPort) : nil)
    if replay?.isWildcard == true {
      replayValue?.reject("a replay is asked for at one host, and '*' is none")
    }
    let isWildcard = event?.isWildcard ?? false
    let isBound = bindValue?.bool() ?? isWildcard
    if isWildcard, !isBound {
      bindValue?.reject("the host '*' of the endpoint means that the engine connects to us")
    }
    let ranks = ranksValue?.integer(in: 0...Self.ranksMax) ?? 1
    guard value.reading.faultCount == faultsBefore else { return nil }
    guard let event else {
      if ranks > 0, address != nil { value.reject("the field 'endpoint' is missing") }
      if ranks > 0 || address == nil { return nil }
      return
    }
    for rank in 0..<ranks {
      guard let eventOfRank = event.ofRank(rank) else {
        (ranksValue ?? value).reject("\(event) has no port for rank \(rank)")
        return nil
      }
      let replayOfRank = replay?.ofRank(rank)
      if let replay, replayOfRank == nil {
        (ranksValue ?? value).reject("\(replay) has no port for rank \(rank)")
        return nil
      }
      sources.append(
        EventSourceConfiguration(
          rank: rank, eventAddress: eventOfRank, replayAddress: replayOfRank, isBound: isBound))
    }
  }

  private static func eventAddress(_ value: YAMLValue) -> EventAddress? {
    guard let text = value.string() else { return nil }
    guard let address = EventAddress(text) else {
      value.reject("expected tcp://HOST:PORT or ipc://PATH, not '\(text)'")
      return nil
    }
    return address
  }
}

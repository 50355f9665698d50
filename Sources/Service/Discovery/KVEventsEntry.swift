import KVIndexer

/// The `kvEvents` of an entry: where an endpoint publishes its KV events.
struct KVEventsEntry {
  /// Where vLLM publishes unless told otherwise.
  static let portDefault: UInt16 = 5557
  /// More than any engine has; it keeps a slip of the finger from opening thousands of sockets.
  static let ranksMax = 1024

  var sources: [EventSourceConfiguration] = []
  var blockSize: Int?
  var topic = ""
  var duplicates = HashScope.DuplicateRule.counted

  /// Reads the mapping, or takes the defaults when there is none.
  ///
  /// - Parameter address: The endpoint's address, nil when it has a fault.
  /// - Returns: Nil when there are faults, here or in the address.
  init?(_ value: YAMLValue?, address: HostName?) {
    let standard = address.map { EventAddress.tcp(host: $0, port: Self.portDefault) }
    guard let value else {
      guard let standard else { return nil }
      sources = [EventSourceConfiguration(rank: 0, eventAddress: standard, isBound: false)]
      return
    }
    let faultsBefore = value.reading.faultCount
    guard var fields = value.fields() else { return nil }
    let eventValue = fields.optional("endpoint")
    let replayValue = fields.optional("replayEndpoint")
    let ranksValue = fields.optional("ranks")
    let bindValue = fields.optional("bind")
    blockSize = fields.optional("blockSize")?.integer(in: 1...65_536)
    topic = fields.optional("topic")?.string() ?? ""
    if let value = fields.optional("duplicates"), let text = value.string() {
      switch text {
      case "counted": duplicates = .counted
      case "once": duplicates = .once
      default: value.reject("expected 'counted' or 'once', not '\(text)'")
      }
    }
    fields.rejectUnknown()

    let event = eventValue.map(Self.eventAddress) ?? standard
    let replay = replayValue.flatMap(Self.eventAddress)
    if replay?.isWildcard == true {
      replayValue?.reject("a replay is asked for at one host, and '*' is none")
    }
    let isWildcard = event?.isWildcard ?? false
    let isBound = bindValue?.bool() ?? isWildcard
    if isWildcard, !isBound {
      bindValue?.reject("the host '*' of the endpoint means that the engine connects to us")
    }
    let ranks = ranksValue?.integer(in: 0...Self.ranksMax) ?? 1
    guard value.reading.faultCount == faultsBefore, let event else { return nil }
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

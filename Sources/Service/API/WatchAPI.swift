import Tokenize

/// `GET /v1/watch`: the fleet and then its changes, as server-sent events.
extension IndexerAPI {
  func watch(_ reply: HTTPReply) {
    guard !fleetWatch.isFull else {
      return reply.send(
        HTTPResponse(.overloaded("\(FleetWatch.observersMax) watches are open already")))
    }
    let head = HTTPResponse(
      contentType: "text/event-stream", headers: [(name: "Cache-Control", value: "no-cache")],
      body: [])
    FleetEventStream(reply.startStream(head)).follow(fleetWatch)
  }
}

/// One client's events; it ends when its client is gone, which a heartbeat finds out.
private final class FleetEventStream: @unchecked Sendable {
  private let stream: HTTPStream
  private let lock = Lock()
  private var observer: FleetWatch.Observer?

  init(_ stream: HTTPStream) { self.stream = stream }

  func follow(_ watch: FleetWatch) {
    let observer = watch.observe { [self, weak watch] changes in
      // A comment keeps the connection in use when there is nothing to tell.
      let text = changes.isEmpty ? Array(":\n\n".utf8) : changes.flatMap(Self.event)
      guard !stream.write(text), let observer = lock.withLock({ self.observer }) else { return }
      watch?.cancel(observer)
    }
    lock.withLock { self.observer = observer }
    if observer == nil { stream.finish() }
  }

  private static func event(_ change: FleetChange) -> [UInt8] {
    let (name, entry): (String, FleetEntry?) =
      switch change {
      case .present(let entry): ("present", entry)
      case .synced: ("synced", nil)
      case .added(let entry): ("added", entry)
      case .changed(let entry): ("changed", entry)
      case .removed(let entry): ("removed", entry)
      }
    var json = JSONWriter()
    json.object { json in
      guard let entry else { return }
      json.field("endpoint", entry.key.endpoint)
      json.field("rank", entry.key.rank)
      json.field("address", entry.address)
      json.field("model", entry.model.isEmpty ? nil : entry.model)
      json.field("block_size", entry.blockSize)
      json.field("incarnation", entry.incarnation)
      json.field("trust", entry.trust?.name)
      json.field("reason", entry.trust.map(\.reason) ?? EndpointScore.unfollowed)
    }
    return Array("event: \(name)\ndata: ".utf8) + json.bytes + Array("\n\n".utf8)
  }
}

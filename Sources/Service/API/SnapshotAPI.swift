import KVIndexer

/// `GET /v1/snapshot`: what the index knows, for a sibling that starts.
extension IndexerAPI {
  func snapshot(_ reply: HTTPReply) {
    let isTaken = snapshots.take { captured in
      reply.send(
        HTTPResponse(contentType: "application/octet-stream", body: captured.bytes()))
    }
    guard !isTaken else { return }
    reply.send(HTTPResponse(.overloaded("too many snapshots are being taken")))
  }
}

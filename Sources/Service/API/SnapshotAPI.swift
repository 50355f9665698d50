import KVIndexer

/// `GET /v1/snapshot`: what the index knows, for a sibling that starts.
extension IndexerAPI {
  func snapshot(_ reply: HTTPReply) {
    let isTaken = snapshots.take { snapshot in
      var pieces = snapshot
      reply.send(
        HTTPResponse(contentType: "application/octet-stream", body: []),
        HTTPPieces(byteCount: snapshot.byteCount) { pieces.next() })
    }
    guard !isTaken else { return }
    reply.send(HTTPResponse(.overloaded("too many snapshots are being taken")))
  }
}

import Service

/// Replies that handlers left to the test.
final class ParkedReplies: @unchecked Sendable {
  struct Parked {
    var body: [UInt8]
    var reply: HTTPReply
  }

  private let lock = Lock()
  private var parked: [Parked] = []

  /// A handler that parks every reply together with its request's body.
  var handler: HTTPServer.Handler {
    { request, reply in
      let body = request.body
      self.lock.withLock { self.parked.append(Parked(body: body, reply: reply)) }
    }
  }

  /// Waits until `count` replies are parked, and hands them over.
  func take(_ count: Int) throws -> [Parked] {
    try Deadline.wait {
      lock.withLock {
        guard parked.count >= count else { return nil }
        defer { parked = [] }
        return parked
      }
    }
  }
}

extension HTTPReply {
  func send(text: String, status: Int = 200) {
    send(HTTPResponse(status: status, contentType: "text/plain", body: Array(text.utf8)))
  }
}

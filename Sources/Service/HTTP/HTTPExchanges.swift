import CMHD
import Glibc
import Synchronization

/// The requests of one daemon: gathers each, asks the handler, and queues the answer.
final class HTTPExchanges: Sendable {
  let inFlight = InFlightCount()
  let connections = InFlightCount()
  let limits: HTTPLimits
  let metrics: HTTPServerMetrics
  let authorize: HTTPServer.Authorize?
  let log: @Sendable (String) -> Void
  private let handler: HTTPServer.Handler
  private let suspended: SuspendedExchanges
  private let streams = HTTPStreams()
  private let isDraining = Atomic<Bool>(false)

  init(
    _ limits: HTTPLimits, metrics: HTTPServerMetrics, authorize: HTTPServer.Authorize?,
    log: @escaping @Sendable (String) -> Void, handler: @escaping HTTPServer.Handler
  ) {
    self.limits = limits
    self.metrics = metrics
    self.authorize = authorize
    self.log = log
    self.handler = handler
    suspended = SuspendedExchanges(limits.threads)
  }

  /// From now on every answer tells its client to close the connection, and streams end.
  func startDraining() {
    isDraining.store(true, ordering: .releasing)
    streams.finish()
  }

  /// From now on no connection is suspended; to be called before the daemon stops.
  func abandonSuspended() {
    suspended.abandon()
    streams.close()
  }

  /// Ends a request, however it ended.
  func end(_ request: HTTPExchange) {
    metrics.unbuffer(request.bufferedBytes)
    metrics.requestEnded()
    inFlight.leave()
  }

  // MARK: Answers

  /// Answers a request that has arrived: its refusal, or what the handler says.
  ///
  /// When it is called again, the connection was resumed, and the answer is there.
  func answer(
    _ request: HTTPExchange, _ url: UnsafePointer<CChar>, _ method: UnsafePointer<CChar>
  ) -> MHD_Result {
    if let refusal = request.refusal { return queue(HTTPResponse(refusal), on: request.connection) }
    if request.phase.load(ordering: .relaxed) == .receiving {
      request.phase.store(.handling, ordering: .releasing)
      let body = request.body
      request.body = []
      handler(
        HTTPRequest(
          method: HTTPMethod(rawValue: String(cString: method)) ?? .other,
          path: String(cString: url), body: body, connection: request.connection),
        HTTPReply(request, of: self))
      if request.phase.load(ordering: .acquiring) == .handling { suspended.suspend(request) }
    }
    switch request.phase.load(ordering: .acquiring) {
    case .answered:
      guard let response = request.response else { return .NO }
      let content = request.content
      request.response = nil
      request.content = nil
      return queue(response, content, on: request.connection)
    case .suspended: return .YES
    case .receiving, .handling, .abandoned: return .NO
    }
  }

  /// Takes the answer of a request, from any thread; the server's thread sends it.
  ///
  /// - Parameter content: Its body, when that is not the response's own.
  func complete(
    _ request: HTTPExchange, _ response: HTTPResponse, _ content: HTTPExchange.Content? = nil
  ) {
    request.response = response
    request.content = content
    _ = complete(request)
  }

  /// Takes the head of an answer that is then written into the stream.
  func complete(_ request: HTTPExchange, streaming response: HTTPResponse) -> HTTPStream {
    let stream = HTTPStream(on: request.connection, limits, metrics)
    request.response = response
    request.content = .stream(stream)
    if !complete(request) { stream.close() }
    return stream
  }

  /// Whether the answer goes out; false when its request was abandoned.
  private func complete(_ request: HTTPExchange) -> Bool {
    let (isInHandler, _) = request.phase.compareExchange(
      expected: .handling, desired: .answered, ordering: .acquiringAndReleasing)
    return isInHandler || suspended.resume(request)
  }

  /// Hands an answer to libmicrohttpd, which sends it.
  func queue(
    _ response: HTTPResponse, _ content: HTTPExchange.Content? = nil,
    on connection: OpaquePointer
  ) -> MHD_Result {
    let reply =
      switch content {
      case .stream(let stream): streams.answer(reading: stream)
      case .pieces(let pieces): pieces.answer()
      case nil:
        response.body.withUnsafeBytes { body in
          MHD_create_response_from_buffer(
            body.count, UnsafeMutableRawPointer(mutating: body.baseAddress), .RESPMEM_MUST_COPY)
        }
      }
    guard let reply else {
      log("an answer of \(response.body.count) bytes found no memory")
      return .NO
    }
    defer { MHD_destroy_response(reply) }
    var isComplete = add(MHD_HTTP_HEADER_CONTENT_TYPE, response.contentType, reply)
    for header in response.headers {
      isComplete = add(header.name, header.value, reply) && isComplete
    }
    if isDraining.load(ordering: .acquiring) {
      isComplete = add(MHD_HTTP_HEADER_CONNECTION, "close", reply) && isComplete
    }
    if !isComplete { log("an answer has a header that HTTP cannot carry") }
    return MHD_queue_response(connection, UInt32(response.status), reply)
  }

  private func add(_ name: String, _ value: String, _ reply: OpaquePointer) -> Bool {
    MHD_add_response_header(reply, name, value) == .YES
  }
}

import CMHD
import Glibc
import Synchronization

/// What libmicrohttpd calls: gathers each request, asks the handler, and queues the answer.
final class HTTPExchanges: Sendable {
  let inFlight = RequestsInFlight()
  let log: @Sendable (String) -> Void
  private let bodyBytesMax: Int
  private let suspended: SuspendedExchanges
  private let handler: HTTPServer.Handler
  private let isDraining = Atomic<Bool>(false)

  init(
    _ limits: HTTPLimits, log: @escaping @Sendable (String) -> Void,
    handler: @escaping HTTPServer.Handler
  ) {
    bodyBytesMax = limits.bodyBytesMax
    let hasOwnThreads = if case .onePerConnection = limits.threads { true } else { false }
    suspended = SuspendedExchanges(hasOwnThreads: hasOwnThreads)
    self.log = log
    self.handler = handler
  }

  /// From now on every answer tells its client to close the connection.
  func startDraining() { isDraining.store(true, ordering: .releasing) }

  /// From now on nothing waits for an answer; to be called before the daemon stops.
  func abandonSuspended() { suspended.abandon() }

  // MARK: Callbacks

  static let accessCallback: MHD_AccessHandlerCallback = {
    context, connection, url, method, _, upload, uploadBytes, exchange in
    guard let context, let connection, let url, let method, let uploadBytes, let exchange else {
      return .NO
    }
    let exchanges = Unmanaged<HTTPExchanges>.fromOpaque(context).takeUnretainedValue()
    guard let current = exchange.pointee else {
      return exchanges.begin(connection, &exchange.pointee)
    }
    let request = Unmanaged<HTTPExchange>.fromOpaque(current).takeUnretainedValue()
    if uploadBytes.pointee > 0 {
      let chunk = UnsafeRawBufferPointer(start: upload, count: uploadBytes.pointee)
      uploadBytes.pointee = 0
      return exchanges.receive(chunk, request)
    }
    return exchanges.answer(request, url, method)
  }

  static let completedCallback: MHD_RequestCompletedCallback = { context, _, exchange, _ in
    guard let context, let current = exchange?.pointee else { return }
    Unmanaged<HTTPExchange>.fromOpaque(current).release()
    Unmanaged<HTTPExchanges>.fromOpaque(context).takeUnretainedValue().inFlight.leave()
  }

  static let logCallback: MHD_LogCallback = { context, format, arguments in
    guard let context, let format, let arguments else { return }
    let line = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
      vsnprintf(buffer.baseAddress, buffer.count, format, arguments)
      return buffer.baseAddress.map { String(cString: $0) } ?? ""
    }
    Unmanaged<HTTPExchanges>.fromOpaque(context).takeUnretainedValue()
      .log(String(line.drop(while: \.isWhitespace).prefix(while: { !$0.isNewline })))
  }

  // MARK: The life of a request

  /// Sees the headers; a body announced as too large is refused before it is sent.
  private func begin(
    _ connection: OpaquePointer, _ exchange: inout UnsafeMutableRawPointer?
  ) -> MHD_Result {
    let request = HTTPExchange(connection)
    exchange = Unmanaged.passRetained(request).toOpaque()
    inFlight.enter()
    let announced = MHD_lookup_connection_value(
      connection, .HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH)
    guard let announced else { return .YES }
    guard let length = Int(String(cString: announced)), length <= bodyBytesMax else {
      return queue(HTTPResponse(.bodyTooLarge(bodyBytesMax: bodyBytesMax)), connection)
    }
    request.body.reserveCapacity(length)
    return .YES
  }

  /// Takes a piece of the body.
  ///
  /// A chunked body that is too large is read to its end, because
  /// libmicrohttpd cannot answer in the middle of one; past four times the limit it is cut off.
  private func receive(_ chunk: UnsafeRawBufferPointer, _ request: HTTPExchange) -> MHD_Result {
    request.bodyBytes += chunk.count
    if request.bodyBytes <= bodyBytesMax {
      request.body.append(contentsOf: chunk)
    } else {
      request.body = []
    }
    return request.bodyBytes <= 4 * bodyBytesMax ? .YES : .NO
  }

  /// Asks the handler, the first time; takes its answer now, or when the connection is resumed.
  private func answer(
    _ request: HTTPExchange, _ url: UnsafePointer<CChar>, _ method: UnsafePointer<CChar>
  ) -> MHD_Result {
    guard request.bodyBytes <= bodyBytesMax else {
      return queue(HTTPResponse(.bodyTooLarge(bodyBytesMax: bodyBytesMax)), request.connection)
    }
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
      request.response = nil
      return queue(response, request.connection)
    case .suspended: return .YES
    case .receiving, .handling, .abandoned: return .NO
    }
  }

  /// Takes the answer of a request, from any thread; the server's thread sends it.
  func complete(_ request: HTTPExchange, _ response: HTTPResponse) {
    request.response = response
    let (isInHandler, _) = request.phase.compareExchange(
      expected: .handling, desired: .answered, ordering: .acquiringAndReleasing)
    if !isInHandler { suspended.resume(request) }
  }

  private func queue(_ response: HTTPResponse, _ connection: OpaquePointer) -> MHD_Result {
    let reply = response.body.withUnsafeBytes { body in
      MHD_create_response_from_buffer(
        body.count, UnsafeMutableRawPointer(mutating: body.baseAddress), .RESPMEM_MUST_COPY)
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

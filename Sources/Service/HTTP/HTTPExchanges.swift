import CMHD
import Glibc
import Synchronization

/// What libmicrohttpd calls: gathers each request, asks the handler, and queues the answer.
final class HTTPExchanges: Sendable {
  /// One request while it arrives.
  private final class Exchange {
    var body: [UInt8] = []
    var bodyBytes = 0
  }

  let inFlight = RequestsInFlight()
  private let bodyBytesMax: Int
  private let log: @Sendable (String) -> Void
  private let handler: HTTPServer.Handler
  private let isDraining = Atomic<Bool>(false)

  init(
    bodyBytesMax: Int, log: @escaping @Sendable (String) -> Void,
    handler: @escaping HTTPServer.Handler
  ) {
    self.bodyBytesMax = bodyBytesMax
    self.log = log
    self.handler = handler
  }

  /// From now on every answer tells its client to close the connection.
  func startDraining() { isDraining.store(true, ordering: .releasing) }

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
    let request = Unmanaged<Exchange>.fromOpaque(current).takeUnretainedValue()
    if uploadBytes.pointee > 0 {
      let chunk = UnsafeRawBufferPointer(start: upload, count: uploadBytes.pointee)
      uploadBytes.pointee = 0
      return exchanges.receive(chunk, request)
    }
    return exchanges.answer(request, connection, url, method)
  }

  static let completedCallback: MHD_RequestCompletedCallback = { context, _, exchange, _ in
    guard let context, let current = exchange?.pointee else { return }
    Unmanaged<Exchange>.fromOpaque(current).release()
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
    let request = Exchange()
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
  private func receive(_ chunk: UnsafeRawBufferPointer, _ request: Exchange) -> MHD_Result {
    request.bodyBytes += chunk.count
    if request.bodyBytes <= bodyBytesMax {
      request.body.append(contentsOf: chunk)
    } else {
      request.body = []
    }
    return request.bodyBytes <= 4 * bodyBytesMax ? .YES : .NO
  }

  private func answer(
    _ request: Exchange, _ connection: OpaquePointer, _ url: UnsafePointer<CChar>,
    _ method: UnsafePointer<CChar>
  ) -> MHD_Result {
    guard request.bodyBytes <= bodyBytesMax else {
      return queue(HTTPResponse(.bodyTooLarge(bodyBytesMax: bodyBytesMax)), connection)
    }
    let response = handler(
      HTTPRequest(
        method: HTTPMethod(rawValue: String(cString: method)) ?? .other,
        path: String(cString: url), body: request.body, connection: connection))
    return queue(response, connection)
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

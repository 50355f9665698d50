/// A request of the load, in parts that many connections share.
struct HTTPLoadRequest {
  /// Of its prompt.
  var number: Int
  /// The request's line and headers.
  var head: [UInt8]
  var body: NumberedBody
  /// The end of the body.
  var tail: [UInt8]

  var byteCount: Int { head.count + body.head.count + tail.count }
  var bodyBytes: Int { body.head.count + tail.count }

  /// A completion.
  ///
  /// - Parameters:
  ///   - unique: What makes the body unlike others, where it is numbered.
  ///   - destination: Sent where no ext_proc server sets it.
  init(number: Int, body: NumberedBody, unique: Int, destination: String?) {
    self.number = number
    self.body = body
    tail = body.tail(unique)
    let line = destination.map { "x-gateway-destination-endpoint: \($0)\r\n" } ?? ""
    head = Array(
      ("POST /v1/completions HTTP/1.1\r\nHost: gateway.example:8081\r\n"
        + "Content-Type: application/json\r\nAccept: application/json\r\n"
        + "User-Agent: kvbench\r\n\(line)"
        + "Content-Length: \(body.head.count + tail.count)\r\n\r\n").utf8)
  }
}

import Service

/// One request of a played gateway, on its way through an ext_proc server.
final class GatewayStream {
  enum Phase {
    /// The request was sent; its last piece has not come back. May become `response` or `over`.
    case request
    /// The answer of the engine was sent; its last piece has not come back. May become `over`.
    case response
    /// Nothing more is expected.
    case over
  }

  let number: Int
  private let messages: GatewayMessages
  private let start: UInt64
  private(set) var phase = Phase.request
  private(set) var port: UInt16?
  private(set) var requestNanoseconds: UInt64 = 0
  /// What `grpc-status` said; nil while there was none.
  var status: Int?
  var statusMessage = ""

  // What is sent, and what nghttp2 has not taken of it.
  private(set) var sending: [UInt8]
  private(set) var sent = 0
  var isDeferred = false

  // What came, and how much of it was read.
  private var received: [UInt8] = []
  private var read = 0

  init(_ number: Int, _ messages: GatewayMessages) {
    self.number = number
    self.messages = messages
    sending = messages.request
    start = MonotonicClock.nowNanoseconds()
  }

  var unsentCount: Int { sending.count - sent }

  /// Copies what comes next into a frame.
  func take(_ count: Int, into target: UnsafeMutableRawBufferPointer) {
    sending.withUnsafeBytes { target.copyMemory(from: .init(rebasing: $0[sent..<sent + count])) }
    sent += count
  }

  /// Takes bytes of the server's messages.
  ///
  /// - Returns: Whether there is something new to send.
  func receive(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
    received.append(contentsOf: bytes)
    let before = phase
    while let message = nextMessage() {
      let answer = try received[message].withUnsafeBytes {
        try ProcessorAnswer(parsing: $0)
      }
      try take(answer)
    }
    if read == received.count {
      received.removeAll(keepingCapacity: true)
      read = 0
    }
    return before == .request && phase == .response
  }

  /// Where the next whole message stands, without gRPC's prefix.
  private func nextMessage() -> Range<Int>? {
    guard received.count - read >= 5 else { return nil }
    let length = received[(read + 1)..<(read + 5)].reduce(0) { $0 << 8 | Int($1) }
    let start = read + 5
    guard received.count - start >= length else { return nil }
    read = start + length
    return start..<read
  }

  private func take(_ answer: ProcessorAnswer) throws {
    switch (answer, phase) {
    case (.requestHeaders(let port), .request): self.port = port
    case (.requestBody(true), .request):
      requestNanoseconds = MonotonicClock.nowNanoseconds() - start
      phase = .response
      sending = messages.response
      sent = 0
    case (.requestBody(false), .request), (.responseHeaders, .response),
      (.responseBody(false), .response), (.other, _):
      break
    case (.responseBody(true), .response): phase = .over
    case (.immediate(let status), _):
      throw SystemError("route a request", reason: "it was answered with status \(status)")
    default:
      throw SystemError("route a request", reason: "\(answer) came in the phase '\(phase)'")
    }
  }

  /// The server has ended the stream: in order after the request, which says that it does not want
  /// to see the response.
  func end() throws {
    guard phase != .over else { return }
    guard phase == .response, status == 0 else {
      throw SystemError(
        "route a request",
        reason: "the stream ended in the phase '\(phase)', status "
          + "\(status.map { "\($0)" } ?? "none") \(statusMessage)")
    }
    phase = .over
  }
}

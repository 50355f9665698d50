import CLinux
import Glibc
import Service

/// A connection of the load, which has one request at a time under way.
final class HTTPLoadConnection {
  let descriptor: Int32
  private var reader = HTTPAnswerReader()
  private var buffer = [UInt8](repeating: 0, count: 16 << 10)
  private var sent = 0
  private var startNanoseconds: UInt64 = 0
  /// The request under way; nil when there is none.
  private(set) var request: HTTPLoadRequest?

  init(port: UInt16) throws(SystemError) {
    descriptor = try LoopbackSocket.connect(to: port)
  }

  deinit { close(descriptor) }

  /// Whether something of the request is still to be sent.
  var isSending: Bool { request.map { sent < $0.byteCount } ?? false }

  /// Begins a request, as far as the socket takes it.
  func begin(_ request: HTTPLoadRequest) throws(SystemError) {
    self.request = request
    sent = 0
    startNanoseconds = MonotonicClock.nowNanoseconds()
    try send()
  }

  /// Sends what the socket takes.
  func send() throws(SystemError) {
    guard let request else { return }
    while isSending {
      let count = withParts(request) { parts in
        var message = msghdr()
        message.msg_iov = parts.baseAddress
        message.msg_iovlen = parts.count
        return sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      guard count > 0 else {
        if errno == EAGAIN { return }
        throw SystemError("send a request through Envoy")
      }
      sent += count
    }
  }

  /// Calls `body` with what is not sent of a request.
  private func withParts(
    _ request: HTTPLoadRequest, _ body: (UnsafeMutableBufferPointer<iovec>) -> Int
  ) -> Int {
    request.head.withUnsafeBytes { head in
      request.body.head.withUnsafeBytes { middle in
        request.tail.withUnsafeBytes { tail in
          var skipped = sent
          var parts: [iovec] = []
          for part in [head, middle, tail] {
            if skipped < part.count {
              let start = UnsafeMutableRawPointer(mutating: part.baseAddress.map { $0 + skipped })
              parts.append(iovec(iov_base: start, iov_len: part.count - skipped))
            }
            skipped = max(0, skipped - part.count)
          }
          return parts.withUnsafeMutableBufferPointer { body($0) }
        }
      }
    }
  }

  /// Takes what has come.
  ///
  /// - Returns: The answer and how long it took, once it is complete; then there is no request.
  func receive() throws(SystemError) -> (answer: CompletionAnswer, nanoseconds: UInt64)? {
    let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
    guard count > 0, let request else {
      throw SystemError("receive from Envoy", reason: "the connection was lost")
    }
    buffer.withUnsafeBytes { reader.append(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
    guard let body = try reader.take() else { return nil }
    guard let answer = CompletionAnswer(parsing: body), answer.receivedBytes == request.bodyBytes
    else {
      let text = String(decoding: body.prefix(500), as: UTF8.self)
      throw SystemError(
        "send requests through Envoy",
        reason: "to a body of \(request.bodyBytes) bytes the answer is \(text)")
    }
    self.request = nil
    return (answer, MonotonicClock.nowNanoseconds() - startNanoseconds)
  }
}

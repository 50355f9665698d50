import CLinux
import COpenSSL
import Glibc

/// How an attempt to move bytes without waiting ended.
enum SocketResult: Equatable {
  case bytes(Int)
  case wouldBlock
  case closed
}

/// A connected socket that never waits, with TLS or without.
struct ConnectionSocket: ~Copyable {
  let descriptor: Int32
  private let tls: OpaquePointer?
  /// TLS has something of its own to send, and the socket was full.
  private(set) var isWriteDue = false

  /// Takes over a descriptor that does not block.
  init(descriptor: Int32, tls context: TLSContext?) {
    self.descriptor = descriptor
    tls = context?.makeSession(descriptor: descriptor)
  }

  deinit {
    // Says goodbye if the socket takes it; an answer is not waited for.
    if let tls {
      ERR_clear_error()
      SSL_shutdown(tls)
      SSL_free(tls)
    }
    close(descriptor)
  }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> SocketResult {
    guard let tls else {
      return Self.result(recv(descriptor, buffer.baseAddress, buffer.count, 0))
    }
    ERR_clear_error()
    var count = 0
    let status = SSL_read_ex(tls, buffer.baseAddress, buffer.count, &count)
    return result(status, count, tls)
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer) -> SocketResult {
    guard let tls else {
      return Self.result(send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)))
    }
    ERR_clear_error()
    var count = 0
    let status = SSL_write_ex(tls, bytes.baseAddress, bytes.count, &count)
    return result(status, count, tls)
  }

  private mutating func result(_ status: Int32, _ count: Int, _ tls: OpaquePointer) -> SocketResult
  {
    isWriteDue = false
    guard status != 1 else { return .bytes(count) }
    switch SSL_get_error(tls, status) {
    case SSL_ERROR_WANT_READ: return .wouldBlock
    case SSL_ERROR_WANT_WRITE:
      isWriteDue = true
      return .wouldBlock
    default: return .closed
    }
  }

  private static func result(_ count: Int) -> SocketResult {
    guard count <= 0 else { return .bytes(count) }
    guard count < 0 else { return .closed }
    return errno == EAGAIN || errno == EINTR ? .wouldBlock : .closed
  }
}

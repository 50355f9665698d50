import CLinux
import Glibc
import Service

/// Listens on a port of its own and hands each connection to a closure on a thread of its own, for
/// answers that no HTTP server gives.
final class ConnectionServer: @unchecked Sendable {
  let port: UInt16
  private let listener: Int32
  private let lock = Lock()
  private var open: Set<Int32> = []
  private var accepting: WorkerThread?
  private var threads: [WorkerThread] = []

  /// - Parameter handle: Gets a connected socket, which is closed when it returns.
  init(handle: @escaping @Sendable (Int32) -> Void) throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let status = withUnsafeMutableBytes(of: &address) { bytes in
      let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
      return bind(listener, pointer, length) + listen(listener, 64)
        + getsockname(listener, pointer, &length)
    }
    guard status == 0 else { throw RawConnection.Failure(code: errno) }
    port = UInt16(bigEndian: address.sin_port)
    accepting = WorkerThread(name: "accepting") { [self] in accept(handle) }
  }

  /// Closes everything and waits for the threads.
  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    accepting?.join()
    let threads = lock.withLock {
      for descriptor in open { shutdown(descriptor, Int32(SHUT_RDWR)) }
      return self.threads
    }
    for thread in threads { thread.join() }
    close(listener)
  }

  private func accept(_ handle: @escaping @Sendable (Int32) -> Void) {
    while true {
      let descriptor = Glibc.accept(listener, nil, nil)
      guard descriptor >= 0 else { return }
      lock.withLock {
        open.insert(descriptor)
        threads.append(
          WorkerThread(name: "connection") { [self] in
            PipeSignal.suppressed { handle(descriptor) }
            lock.withLock { _ = open.remove(descriptor) }
            close(descriptor)
          })
      }
    }
  }

  /// Reads a request up to the end of its body; nil when the client closed.
  ///
  /// - Parameter read: Gives some bytes, or none at the end.
  static func request(_ read: () -> [UInt8]) -> String? {
    var text = ""
    while true {
      let bytes = read()
      guard !bytes.isEmpty else { return nil }
      text += String(decoding: bytes, as: UTF8.self)
      guard let end = text.firstRange(of: "\r\n\r\n") else { continue }
      let length = text[..<end.lowerBound].split(separator: "\r\n")
        .first { $0.lowercased().hasPrefix("content-length:") }
        .flatMap { Int($0.split(separator: " ")[1]) }
      if text[end.upperBound...].utf8.count >= length ?? 0 { return text }
    }
  }

  static func read(_ descriptor: Int32) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    return Array(buffer.prefix(max(0, count)))
  }

  static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
  }

  static func answer(_ body: String) -> String {
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }
}

import CLinux
import Glibc

@testable import Service

/// An HTTP/1.1 server on bare sockets, which sees and sends what others hide: chunks and trailers.
final class Backend: @unchecked Sendable {
  struct Request: Sendable {
    /// The request's line and headers, without the empty line.
    var head: String
    var body: [UInt8] = []
    /// Lines after the last chunk.
    var trailers: [String] = []

    var path: String { head.split(separator: " ").dropFirst().first.map(String.init) ?? "" }

    func header(_ name: String) -> String? {
      for line in head.split(separator: "\r\n").dropFirst() {
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == name else { continue }
        return parts[1].trimmingPrefix(while: \.isWhitespace).description
      }
      return nil
    }
  }

  /// Answers a request; false closes the connection.
  typealias Answer = @Sendable (Request, borrowing Connection) -> Bool

  private let listener: ListeningSocket
  private let descriptor: Int32
  private let lock = Lock()
  private var seen: [Request] = []

  init(_ answer: @escaping Answer = Backend.completion) throws {
    listener = try ListeningSocket.listen(on: .tcp(host: "127.0.0.1", port: 0))
    descriptor = try listener.duplicate()
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK)
    _ = WorkerThread(name: "backend") { [descriptor, weak self] in
      while true {
        let client = accept(descriptor, nil, nil)
        guard client >= 0 else { return }
        _ = WorkerThread(name: "backend") { [weak self] in
          let connection = Connection(client)
          while let request = connection.next() {
            self?.lock.withLock { self?.seen.append(request) }
            guard answer(request, connection) else { return }
          }
        }
      }
    }
  }

  deinit {
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
  }

  var address: String { "\(listener.address)" }
  var requests: [Request] { lock.withLock { seen } }

  /// Answers like an engine whose cache held 1,024 tokens.
  static let completion: Answer = { request, connection in
    let body = """
      {"model":"target","body_bytes":\(request.body.count),"usage":{"prompt_tokens":1030,\
      "completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1024}}}
      """
    return connection.send(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        + (request.head.hasPrefix("HEAD ") ? "" : body))
  }

  /// One client's connection, read by one thread.
  struct Connection: ~Copyable {
    private let descriptor: Int32
    private let reader = Reader()

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Sends text; false when the client is gone.
    @discardableResult
    func send(_ text: String) -> Bool {
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes {
          Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { return false }
        rest = rest.dropFirst(count)
      }
      return true
    }

    @discardableResult
    func sendChunk(_ text: String) -> Bool {
      send(String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n")
    }

    /// Waits until the client closes.
    func waitForEnd() { while reader.fill(descriptor) {} }

    func next() -> Request? {
      guard let head = reader.line(descriptor, until: "\r\n\r\n") else { return nil }
      var request = Request(head: head)
      if let length = request.header("content-length").flatMap({ Int($0) }) {
        guard let body = reader.take(descriptor, length) else { return nil }
        request.body = body
      } else if request.header("transfer-encoding") == "chunked" {
        while let size = reader.line(descriptor, until: "\r\n").flatMap({ Int($0, radix: 16) }) {
          guard size > 0 else { break }
          guard let chunk = reader.take(descriptor, size + 2) else { return nil }
          request.body += chunk.dropLast(2)
        }
        while let line = reader.line(descriptor, until: "\r\n") {
          if line.isEmpty { return request }
          request.trailers.append(line)
        }
        return nil
      }
      return request
    }
  }

  /// Bytes that have come and were not taken.
  private final class Reader {
    private var bytes: [UInt8] = []
    private var start = 0

    func fill(_ descriptor: Int32) -> Bool {
      if start > 0 {
        bytes.removeFirst(start)
        start = 0
      }
      return withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
        let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        guard count > 0 else { return false }
        bytes += buffer.prefix(count)
        return true
      }
    }

    func take(_ descriptor: Int32, _ count: Int) -> [UInt8]? {
      while bytes.count - start < count { guard fill(descriptor) else { return nil } }
      defer { start += count }
      return Array(bytes[start..<start + count])
    }

    func line(_ descriptor: Int32, until end: String) -> String? {
      let end = Array(end.utf8)
      var place = start
      while true {
        while place + end.count <= bytes.count {
          if bytes[place..<place + end.count].elementsEqual(end) {
            defer { start = place + end.count }
            return String(decoding: bytes[start..<place], as: UTF8.self)
          }
          place += 1
        }
        let behind = place - start
        guard fill(descriptor) else { return nil }
        place = start + behind
      }
    }
  }
}

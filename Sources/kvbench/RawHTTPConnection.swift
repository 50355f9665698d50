import CLinux
import Glibc
import Service

/// A connection that repeats prepared requests, so that the client costs next to nothing.
final class RawHTTPConnection {
  private let descriptor: Int32
  private var buffer = [UInt8](repeating: 0, count: 1 << 20)

  /// Connects to a server of ours.
  init(_ address: ListenAddress) throws(SystemError) {
    switch address {
    case .tcp(_, let port): descriptor = try Self.connect(tcp: port)
    case .unix(let path, _): descriptor = try Self.connect(unix: path)
    }
  }

  deinit { close(descriptor) }

  /// The bytes of a request.
  static func request(path: String, body: [UInt8]) -> [UInt8] {
    let head =
      "POST \(path) HTTP/1.1\r\nHost: kvbench\r\nContent-Type: application/json\r\n"
      + "Content-Length: \(body.count)\r\n\r\n"
    return Array(head.utf8) + body
  }

  /// Sends a request and takes the whole answer.
  ///
  /// - Returns: Its body; nil unless the status is 200.
  func exchange(_ request: [UInt8]) throws(SystemError) -> ArraySlice<UInt8>? {
    var sent = 0
    while sent < request.count {
      let count = request.withUnsafeBytes { bytes in
        send(
          descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw SystemError("send a request") }
      sent += count
    }
    var received = 0
    var end: (body: Int, all: Int)?
    while end.map({ received < $0.all }) ?? true {
      let count = buffer.withUnsafeMutableBytes { bytes in
        recv(descriptor, bytes.baseAddress.map { $0 + received }, bytes.count - received, 0)
      }
      guard count > 0 else { throw SystemError("receive an answer") }
      received += count
      if end == nil { end = Self.ends(buffer[..<received]) }
    }
    guard let end, buffer.starts(with: "HTTP/1.1 200".utf8) else { return nil }
    return buffer[end.body..<end.all]
  }

  /// Where the body starts and ends, once the head is there.
  private static func ends(_ bytes: ArraySlice<UInt8>) -> (body: Int, all: Int)? {
    let text = String(decoding: bytes.prefix(1024), as: UTF8.self)
    guard let head = text.components(before: "\r\n\r\n") else { return nil }
    let length = head.lowercased().split(separator: "\r\n").compactMap { line in
      line.hasPrefix("content-length: ") ? Int(line.dropFirst("content-length: ".count)) : nil
    }.first
    let body = head.utf8.count + 4
    return length.map { (body, body + $0) }
  }

  private static func connect(tcp port: UInt16) throws(SystemError) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var isOn: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, 4)
    try connect(descriptor, to: withUnsafeBytes(of: address) { Array($0) })
    return descriptor
  }

  private static func connect(unix path: String) throws(SystemError) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let capacity = MemoryLayout.size(ofValue: address.sun_path)
    guard path.utf8.count < capacity else { throw SystemError("connect", reason: "long path") }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    try connect(descriptor, to: withUnsafeBytes(of: address) { Array($0) })
    return descriptor
  }

  private static func connect(_ descriptor: Int32, to address: [UInt8]) throws(SystemError) {
    let status = address.withUnsafeBytes { bytes in
      Glibc.connect(
        descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
        socklen_t(bytes.count))
    }
    guard status == 0 else { throw SystemError("connect to the service") }
  }
}

extension String {
  /// What is before the first occurrence of `separator`; nil when there is none.
  fileprivate func components(before separator: String) -> String? {
    let bytes = Array(utf8)
    let wanted = Array(separator.utf8)
    guard bytes.count >= wanted.count else { return nil }
    let start = (0...bytes.count - wanted.count).first { bytes[$0...].starts(with: wanted) }
    return start.map { String(decoding: bytes[..<$0], as: UTF8.self) }
  }
}

import CLinux
import Glibc
import Service

/// Frames of HTTP/2 as a client sends them, right or wrong, and the server's as they come.
final class RawHTTP2 {
  enum Kind: UInt8 {
    case data = 0
    case headers = 1
    case reset = 3
    case settings = 4
    case ping = 6
    case goAway = 7
    case windowUpdate = 8
  }

  struct Frame {
    var kind: UInt8
    var flags: UInt8
    var stream: UInt32
    var payload: [UInt8]

    func isKind(_ kind: Kind) -> Bool { self.kind == kind.rawValue }

    /// The big-endian number at an offset of the payload.
    func number(at offset: Int) -> UInt32 {
      payload[offset..<(offset + 4)].reduce(0) { $0 << 8 | UInt32($1) }
    }
  }

  static let endStream: UInt8 = 1
  static let ack: UInt8 = 1
  private static let endHeaders: UInt8 = 4

  private var descriptor: Int32
  private var received: [UInt8] = []
  private var unsent: [UInt8] = []

  /// Connects and, unless told not to, says what begins every connection.
  init(_ address: ListenAddress, greets: Bool = true) throws {
    guard case .tcp(_, let port) = address else { throw RawConnection.Failure(code: EINVAL) }
    descriptor = try RawConnection.connect(port: port)
    guard greets else { return }
    write(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))
    write(.settings, stream: 0, [])
    flush()
  }

  deinit { close() }

  func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  // MARK: Output

  func write(_ bytes: [UInt8]) { unsent += bytes }

  func write(_ kind: Kind, flags: UInt8 = 0, stream: UInt32, _ payload: [UInt8]) {
    unsent += Self.bigEndian(UInt32(payload.count)).dropFirst() + [kind.rawValue, flags]
    unsent += Self.bigEndian(stream) + payload
  }

  func writeReset(stream: UInt32, code: UInt32 = 8) {
    write(.reset, stream: stream, Self.bigEndian(code))
  }

  /// Writes the headers of a call, as literals that no table keeps.
  func writeHeaders(
    stream: UInt32, path: String, method: String = "POST",
    contentType: String? = "application/grpc", more: [(String, String)] = [], flags: UInt8 = 0
  ) {
    var fields = [
      (":method", method), (":scheme", "http"), (":path", path), (":authority", "localhost"),
    ]
    if let contentType { fields.append(("content-type", contentType)) }
    let block = (fields + [("te", "trailers")] + more).flatMap { name, value -> [UInt8] in
      [0] + Self.literal(name) + Self.literal(value)
    }
    write(.headers, flags: flags | Self.endHeaders, stream: stream, block)
  }

  /// Writes a message of gRPC in one frame.
  func writeMessage(stream: UInt32, _ message: [UInt8], flag: UInt8 = 0, ends: Bool = true) {
    write(
      .data, flags: ends ? Self.endStream : 0, stream: stream,
      [flag] + Self.bigEndian(UInt32(message.count)) + message)
  }

  func flush() {
    var sent = 0
    while sent < unsent.count {
      let count = unsent[sent...].withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { break }
      sent += count
    }
    unsent = []
  }

  static func bigEndian(_ number: UInt32) -> [UInt8] {
    [UInt8(number >> 24), UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)]
  }

  /// A string of HPACK, not compressed, of less than 16 Ki bytes.
  private static func literal(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
    let rest = bytes.count - 127
    return [127, UInt8(rest & 127) | 128, UInt8(rest >> 7)] + bytes
  }

  // MARK: Input

  /// The next frame; nil when the server has closed the connection.
  func read() -> Frame? {
    guard fill(9) else { return nil }
    let size = received[0..<3].reduce(0) { $0 << 8 | Int($1) }
    guard fill(9 + size) else { return nil }
    let stream = received[5..<9].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
    let frame = Frame(
      kind: received[3], flags: received[4], stream: stream,
      payload: Array(received[9..<(9 + size)]))
    received.removeFirst(9 + size)
    return frame
  }

  /// The next frame for which `isWanted` holds; nil when the connection ends before.
  func read(until isWanted: (Frame) -> Bool) -> Frame? {
    while let frame = read() {
      if isWanted(frame) { return frame }
    }
    return nil
  }

  /// Sends a ping and waits until the server has answered everything before it.
  ///
  /// - Returns: The frames that came before the answer; nil when the connection ended.
  func roundTrip() -> [Frame]? {
    write(.ping, stream: 0, [1, 2, 3, 4, 5, 6, 7, 8])
    flush()
    var frames: [Frame] = []
    while let frame = read() {
      if frame.isKind(.ping), frame.flags & Self.ack != 0 { return frames }
      frames.append(frame)
    }
    return nil
  }

  private func fill(_ count: Int) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65536)
    while received.count < count {
      let result = recv(descriptor, &buffer, buffer.count, 0)
      guard result > 0 else { return false }
      received += buffer.prefix(result)
    }
    return true
  }
}

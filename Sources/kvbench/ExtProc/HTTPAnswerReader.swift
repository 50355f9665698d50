import Service

/// Cuts one answer of HTTP/1.1 at a time out of what comes on a connection.
struct HTTPAnswerReader {
  private var bytes: [UInt8] = []

  mutating func append(_ piece: UnsafeRawBufferPointer) { bytes.append(contentsOf: piece) }

  /// Takes the answer's body once all of it is there; throws unless the status is 200.
  mutating func take() throws(SystemError) -> [UInt8]? {
    guard let end = Self.find("\r\n\r\n", in: bytes[...]) else { return nil }
    let head = String(decoding: bytes[..<end], as: UTF8.self).lowercased()
    let lines = head.split(separator: "\r\n")
    let body = bytes[(end + 4)...]
    let content: [UInt8]?
    if lines.contains("transfer-encoding: chunked") {
      content = try Self.chunks(body)
    } else {
      let field = lines.first { $0.hasPrefix("content-length: ") }
      guard let count = field.flatMap({ Int($0.dropFirst("content-length: ".count)) }) else {
        throw Self.failure("an answer without a length: \(head)")
      }
      content = body.count >= count ? Array(body.prefix(count)) : nil
    }
    guard let content else { return nil }
    guard head.hasPrefix("http/1.1 200") else {
      let text = String(decoding: content.prefix(500), as: UTF8.self)
      throw Self.failure("the answer is '\(lines.first ?? "")': \(text)")
    }
    bytes.removeAll(keepingCapacity: true)
    return content
  }

  /// The content of a chunked body; nil while its end is missing.
  private static func chunks(_ body: ArraySlice<UInt8>) throws(SystemError) -> [UInt8]? {
    var content: [UInt8] = []
    var rest = body
    while let end = find("\r\n", in: rest) {
      guard let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16) else {
        throw failure("a chunk without a size")
      }
      rest = rest[(end + 2)...]
      guard rest.count >= size + 2 else { return nil }
      if size == 0 { return content }
      content += rest.prefix(size)
      rest = rest.dropFirst(size + 2)
    }
    return nil
  }

  /// Where `text` begins.
  private static func find(_ text: StaticString, in bytes: ArraySlice<UInt8>) -> Int? {
    let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    guard bytes.count >= wanted.count else { return nil }
    return (bytes.startIndex...bytes.endIndex - wanted.count).first { start in
      bytes[start] == wanted[0] && bytes[start...].starts(with: wanted)
    }
  }

  private static func failure(_ reason: String) -> SystemError {
    SystemError("send requests through Envoy", reason: reason)
  }
}

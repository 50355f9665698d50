/// An endpoint's name as clients carry it from response to request: base64 of `namespace/name`.
enum EndpointToken {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let padding = UInt8(ascii: "=")
  /// More than any two names of Kubernetes take.
  private static let bytesMax = 1024

  /// The token of an endpoint.
  static func text(of endpoint: EndpointID) -> String {
    let bytes = Array(endpoint.description.utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var bits = 0
      for place in 0..<3 {
        bits = bits << 8 | (place < group.count ? Int(group[start + place]) : 0)
      }
      for digit in 0...3 {
        text.append(digit <= group.count ? alphabet[bits >> (18 - 6 * digit) & 63] : padding)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The endpoint of a token that a client sent; nil when it names none.
  static func endpoint(of token: String) -> EndpointID? {
    guard let bytes = bytes(of: token) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let slash = text.firstIndex(of: "/") else { return nil }
    return EndpointID(
      namespace: String(text[..<slash]), name: String(text[text.index(after: slash)...]))
  }

  private static func bytes(of token: String) -> [UInt8]? {
    var digits = Array(token.utf8.prefix(bytesMax + 1))
    guard digits.count <= bytesMax, digits.count.isMultiple(of: 4) else { return nil }
    for _ in 0..<2 where digits.last == padding { digits.removeLast() }
    var bytes: [UInt8] = []
    var bits = 0
    var count = 0
    for digit in digits {
      guard let value = alphabet.firstIndex(of: digit) else { return nil }
      bits = (bits << 6 | value) & 0xFFF
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> count))
      }
    }
    return bytes
  }
}

/// Where in which trace something happens: what the header `traceparent` of W3C Trace Context says.
package struct TraceContext: Sendable, Equatable {
  package static let header = "traceparent"

  /// 128 bits, not all of them zero.
  package struct TraceID: Sendable, Hashable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
      self.high = high
      self.low = low
    }
  }

  package var trace: TraceID
  /// The span that is the parent of what comes next; not zero.
  package var span: UInt64
  /// Whether who began the trace wants it recorded.
  package var isSampled: Bool

  package init(trace: TraceID, span: UInt64, isSampled: Bool) {
    self.trace = trace
    self.span = span
    self.isSampled = isSampled
  }

  /// Reads `VERSION-TRACE-SPAN-FLAGS`; nil when it is none, and has to be taken for absent.
  ///
  /// Of later versions what this one knows is read, as the recommendation says.
  package init?(_ header: String) {
    let bytes = Array(header.utf8)
    let dash = UInt8(ascii: "-")
    guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
      let version = Self.hex(bytes[0..<2]), version != 0xff,
      bytes.count == 55 || (version > 0 && bytes[55] == dash),
      let high = Self.hex(bytes[3..<19]), let low = Self.hex(bytes[19..<35]),
      let span = Self.hex(bytes[36..<52]), let flags = Self.hex(bytes[53..<55]),
      high != 0 || low != 0, span != 0
    else { return nil }
    trace = TraceID(high: high, low: low)
    self.span = span
    isSampled = flags & 1 == 1
  }

  /// The header's value.
  package var text: String {
    "00-\(Self.text(trace.high))\(Self.text(trace.low))-\(Self.text(span))-\(isSampled ? "01" : "00")"
  }

  /// Upper case letters are not allowed.
  private static func hex(_ digits: ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for digit in digits {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - 48)
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - 87)
      default: return nil
      }
    }
    return value
  }

  private static func text(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// The value of `grpc-timeout`.
enum GRPCTimeout {
  /// Reads up to eight digits and a unit, for example `100m`; nil when it is neither.
  static func nanoseconds(_ text: UnsafeRawBufferPointer) -> UInt64? {
    guard let unit = text.last, (2...9).contains(text.count) else { return nil }
    var value: UInt64 = 0
    for digit in text.dropLast() {
      guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
      value = value * 10 + UInt64(digit - UInt8(ascii: "0"))
    }
    // The largest, 99,999,999 hours, is more nanoseconds than 64 bits hold.
    let scale: UInt64
    switch unit {
    case UInt8(ascii: "H"): scale = 3_600_000_000_000
    case UInt8(ascii: "M"): scale = 60_000_000_000
    case UInt8(ascii: "S"): scale = 1_000_000_000
    case UInt8(ascii: "m"): scale = 1_000_000
    case UInt8(ascii: "u"): scale = 1_000
    case UInt8(ascii: "n"): scale = 1
    default: return nil
    }
    let (product, overflow) = value.multipliedReportingOverflow(by: scale)
    return overflow ? .max : product
  }
}

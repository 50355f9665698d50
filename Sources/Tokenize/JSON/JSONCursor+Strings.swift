extension JSONCursor {
  /// A string between its quotes, as it was written.
  struct ScannedString {
    var range: Range<Int>
    var hasEscapes: Bool
  }

  /// Reads a string.
  public mutating func string() throws(JSONError) -> String {
    guard try firstByte() == UInt8(ascii: "\"") else { throw wrongType(expected: "a string") }
    let start = position
    let scanned = try scanString()
    let raw = UnsafeRawBufferPointer(rebasing: bytes[scanned.range])
    let text =
      scanned.hasEscapes
      ? String(validating: Self.unescaped(raw), as: UTF8.self)
      : String(validating: raw, as: UTF8.self)
    guard let text else { throw JSONError(.invalidUTF8, at: start) }
    return text
  }

  /// Moves from the opening quote to after the closing one, and checks all between but UTF-8.
  mutating func scanString() throws(JSONError) -> ScannedString {
    let start = position + 1
    position = start
    var hasEscapes = false
    while true {
      skipPlainBytes()
      guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: position) }
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        return ScannedString(range: start..<position - 1, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        try scanEscape()
      case let byte:
        throw JSONError(.controlCharacter(byte), at: position)
      }
    }
  }

  /// Moves to the next quote, backslash or control character, or to the end.
  ///
  /// Eight bytes at a time: the usual tests for a zero byte and for a byte below a bound are exact
  /// up to the lowest byte that they report, which is the one wanted.
  mutating func skipPlainBytes() {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    while position &+ 8 <= bytes.count {
      let word = UInt64(
        littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
      let quote = word ^ (ones &* 0x22)
      let backslash = word ^ (ones &* 0x5c)
      let controls = (word &- ones &* 0x20) & ~word
      let quotes = (quote &- ones) & ~quote
      let backslashes = (backslash &- ones) & ~backslash
      let found = (controls | quotes | backslashes) & tops
      if found != 0 {
        position &+= found.trailingZeroBitCount >> 3
        return
      }
      position &+= 8
    }
    while position < bytes.count {
      switch bytes[position] {
      case 0..<0x20, 0x22, 0x5c: return
      default: position &+= 1
      }
    }
  }

  mutating func scanEscape() throws(JSONError) {
    let start = position
    guard position + 1 < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
    switch bytes[position + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      position += 2
    case UInt8(ascii: "u"):
      let unit = try scanCodeUnit()
      if UTF16.isLeadSurrogate(unit) {
        guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
          bytes[position + 1] == UInt8(ascii: "u"), UTF16.isTrailSurrogate(try scanCodeUnit())
        else { throw JSONError(.loneSurrogate, at: start) }
      } else if UTF16.isTrailSurrogate(unit) {
        throw JSONError(.loneSurrogate, at: start)
      }
    default:
      throw JSONError(.invalidEscape, at: start)
    }
  }

  /// Reads `\uXXXX`.
  private mutating func scanCodeUnit() throws(JSONError) -> UInt16 {
    guard position + 6 <= bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
    guard let unit = Self.codeUnit(bytes, at: position + 2) else {
      throw JSONError(.invalidEscape, at: position)
    }
    position += 6
    return unit
  }

  /// The value of four hexadecimal digits.
  static func codeUnit(_ bytes: UnsafeRawBufferPointer, at index: Int) -> UInt16? {
    var unit: UInt16 = 0
    for byte in bytes[index..<index + 4] {
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: return nil
      }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }

  /// The bytes that `raw`, scanned before, stands for.
  static func unescaped(_ raw: UnsafeRawBufferPointer) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(raw.count)
    var units: [UInt16] = []
    var index = 0
    while index < raw.count {
      guard raw[index] == UInt8(ascii: "\\") else {
        result.append(raw[index])
        index += 1
        continue
      }
      if let unit = raw[index + 1] == UInt8(ascii: "u") ? codeUnit(raw, at: index + 2) : nil {
        units.append(unit)
        index += 6
        if UTF16.isLeadSurrogate(unit) { continue }
        result.append(contentsOf: String(decoding: units, as: UTF16.self).utf8)
        units.removeAll(keepingCapacity: true)
      } else {
        result.append(unescaped(raw[index + 1]))
        index += 2
      }
    }
    return result
  }

  static func unescaped(_ letter: UInt8) -> UInt8 {
    switch letter {
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0c
    case UInt8(ascii: "n"): 0x0a
    case UInt8(ascii: "r"): 0x0d
    case UInt8(ascii: "t"): 0x09
    default: letter
    }
  }
}

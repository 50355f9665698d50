extension JSONCursor {
  /// Reads a string and hands out the bytes that it stands for, run by run, without building it.
  ///
  /// A run is what stands between two escapes, or what one escape stands for. That the bytes are
  /// UTF-8 is not checked.
  @inline(__always)
  mutating func stringRuns(
    _ take: (UnsafeRawBufferPointer) -> Void
  ) throws(JSONError) {
    guard try firstByte() == UInt8(ascii: "\"") else { throw wrongType(expected: "a string") }
    position += 1
    while true {
      let start = position
      skipPlainBytes()
      if position > start { take(UnsafeRawBufferPointer(rebasing: bytes[start..<position])) }
      guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: position) }
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position += 1
        return
      case UInt8(ascii: "\\"):
        let escape = position
        try scanEscape()
        let character = unescapedCharacter(at: escape)
        withUnsafeBytes(of: character.bytes) { bytes in
          take(UnsafeRawBufferPointer(rebasing: bytes[..<character.count]))
        }
      case let byte:
        throw JSONError(.controlCharacter(byte), at: position)
      }
    }
  }

  /// The UTF-8 form, from the lowest byte on, of an escape that was scanned.
  private func unescapedCharacter(at offset: Int) -> (bytes: UInt32, count: Int) {
    guard bytes[offset + 1] == UInt8(ascii: "u"),
      let unit = Self.codeUnit(bytes, at: offset + 2)
    else { return (UInt32(Self.unescaped(bytes[offset + 1])).littleEndian, 1) }
    guard UTF16.isLeadSurrogate(unit), let trail = Self.codeUnit(bytes, at: offset + 8) else {
      return Self.utf8(UInt32(unit))
    }
    return Self.utf8(0x1_0000 + (UInt32(unit & 0x3ff) << 10 | UInt32(trail & 0x3ff)))
  }

  private static func utf8(_ scalar: UInt32) -> (bytes: UInt32, count: Int) {
    let low = 0x80 | scalar & 0x3f
    let middle = 0x80 | (scalar >> 6) & 0x3f
    let high = 0x80 | (scalar >> 12) & 0x3f
    switch scalar {
    case 0..<0x80: return (scalar.littleEndian, 1)
    case 0x80..<0x800: return ((0xc0 | scalar >> 6 | low << 8).littleEndian, 2)
    case 0x800..<0x1_0000:
      return ((0xe0 | scalar >> 12 | middle << 8 | low << 16).littleEndian, 3)
    default:
      return ((0xf0 | scalar >> 18 | high << 8 | middle << 16 | low << 24).littleEndian, 4)
    }
  }
}

extension MsgpackCursor {
  /// Moves over one value, whatever it is and however deep it nests.
  ///
  /// It counts the values that are still to come instead of descending, so that nesting costs
  /// neither stack nor memory and needs no limit. A container that announces more values than
  /// bytes are left ends it at once.
  ///
  /// - Throws: `.truncated` or `.reservedByte`; the position is then unspecified.
  /// - Complexity: O(bytes of the value).
  mutating func skip() throws(EventDecodingError) {
    var pending = 1
    while pending > 0 {
      guard pending <= remaining, let tag else {
        throw EventDecodingError(.truncated, at: end - start)
      }
      pending += try skipHeadAndBody(tag) - 1
    }
  }

  /// Moves over a value without its elements, and returns how many those are.
  @inline(__always)
  private mutating func skipHeadAndBody(_ tag: UInt8) throws(EventDecodingError) -> Int {
    switch tag {
    case 0x00...0x7f, 0xe0...0xff, 0xc0, 0xc2, 0xc3: try skip(bytes: 1)
    case 0x80...0x8f: try skip(bytes: 1, elements: 2 * Int(tag & 0x0f))
    case 0x90...0x9f: try skip(bytes: 1, elements: Int(tag & 0x0f))
    case 0xa0...0xbf: try skip(bytes: 1 + Int(tag & 0x1f))
    case 0xc1: throw EventDecodingError(.reservedByte, at: offset)
    case 0xc4, 0xd9: try skip(bytes: 2 + length(bytes: 1))
    case 0xc5, 0xda: try skip(bytes: 3 + length(bytes: 2))
    case 0xc6, 0xdb: try skip(bytes: 5 + length(bytes: 4))
    case 0xc7: try skip(bytes: 3 + length(bytes: 1))
    case 0xc8: try skip(bytes: 4 + length(bytes: 2))
    case 0xc9: try skip(bytes: 6 + length(bytes: 4))
    case 0xca: try skip(bytes: 5)
    case 0xcb: try skip(bytes: 9)
    case 0xcc...0xd3: try skip(bytes: 1 + 1 << Int(tag & 3))
    case 0xd4...0xd8: try skip(bytes: 2 + 1 << Int(tag - 0xd4))
    case 0xdc: try skip(bytes: 3, elements: length(bytes: 2))
    case 0xdd: try skip(bytes: 5, elements: length(bytes: 4))
    case 0xde: try skip(bytes: 3, elements: 2 * length(bytes: 2))
    default: try skip(bytes: 5, elements: 2 * length(bytes: 4))  // 0xdf
    }
  }

  private mutating func skip(bytes: Int, elements: Int = 0) throws(EventDecodingError) -> Int {
    guard bytes <= remaining else { throw EventDecodingError(.truncated, at: end - start) }
    advance(bytes)
    return elements
  }

  /// The length or count behind the tag, `bytes` bytes wide.
  private func length(bytes: Int) throws(EventDecodingError) -> Int {
    guard remaining > bytes else { throw EventDecodingError(.truncated, at: end - start) }
    return switch bytes {
    case 1: Int(bigEndian(UInt8.self))
    case 2: Int(bigEndian(UInt16.self))
    default: Int(bigEndian(UInt32.self))
    }
  }
}

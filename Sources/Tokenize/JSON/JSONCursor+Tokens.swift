extension JSONCursor {
  /// Appends the elements of an array of token ids to `tokens`.
  public mutating func tokens(into tokens: inout [UInt32]) throws(JSONError) {
    try beginArray()
    while try nextElement() {
      skipWhitespace()
      plainTokens(into: &tokens)
      tokens.append(try token())
    }
  }

  /// Reads an integer from 0 to 4,294,967,295.
  ///
  /// Up to seven digits are read as one word: a loop over digits mispredicts its end for every
  /// token of a prompt.
  @inline(__always)
  public mutating func token() throws(JSONError) -> UInt32 {
    skipWhitespace()
    guard position &+ 8 <= bytes.count else { return try tokenSlowly() }
    let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    let digits = word ^ 0x3030_3030_3030_3030
    let others = ((digits &+ 0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080
    let bits = UInt64(truncatingIfNeeded: others.trailingZeroBitCount & ~7)
    guard bits > 0, bits < 64, digits & 0xff != 0 || bits == 8 else { return try tokenSlowly() }
    let next = UInt8(truncatingIfNeeded: word >> bits)
    guard next <= UInt8(ascii: ",") || next == UInt8(ascii: "]") else { return try tokenSlowly() }
    let count = Int(bits >> 3)
    position &+= count
    return PlainTokens.number(word, digits: count)
  }

  @inline(never)
  private mutating func tokenSlowly() throws(JSONError) -> UInt32 {
    let expected = "an integer from 0 to 4294967295"
    let number = try scanNumber(expected: expected)
    guard number.isInteger, bytes[number.range.lowerBound] != UInt8(ascii: "-"),
      let value = UInt32(String(decoding: bytes[number.range], as: UTF8.self))
    else { throw JSONError(.outOfRange(expected: expected), at: number.range.lowerBound) }
    return value
  }

  /// Appends numbers as long as each is plain and followed by a comma, which is read too.
  private mutating func plainTokens(into tokens: inout [UInt32]) {
    let bytesMin = PlainTokens.bytesMin
    guard position &+ bytesMin <= bytes.count, let text = bytes.baseAddress else { return }
    var plain = PlainTokens(text + position)
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: PlainTokens.blockTokensMax) { values in
      guard let values = values.baseAddress else { return }
      var isPlain = true
      while isPlain, text.distance(to: plain.block) &+ bytesMin <= bytes.count {
        let count = plain.readBlock(into: values, &isPlain)
        tokens.append(contentsOf: UnsafeBufferPointer(start: values, count: count))
      }
    }
    position = text.distance(to: plain.next)
  }
}

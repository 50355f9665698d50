extension JSONCursor {
  private struct ScannedNumber {
    var range: Range<Int>
    var isInteger: Bool
  }

  /// Reads a number without fraction and exponent.
  public mutating func integer() throws(JSONError) -> Int {
    let number = try scanNumber(expected: "an integer")
    guard number.isInteger else {
      throw JSONError(.outOfRange(expected: "an integer"), at: number.range.lowerBound)
    }
    guard let value = Int(String(decoding: bytes[number.range], as: UTF8.self)) else {
      throw JSONError(.outOfRange(expected: "an integer of 64 bits"), at: number.range.lowerBound)
    }
    return value
  }

  /// Reads a number as the nearest `Double`; one that would be infinite is an error.
  public mutating func double() throws(JSONError) -> Double {
    let number = try scanNumber(expected: "a number")
    guard let value = Double(String(decoding: bytes[number.range], as: UTF8.self)), value.isFinite
    else {
      throw JSONError(.outOfRange(expected: "a number of 64 bits"), at: number.range.lowerBound)
    }
    return value
  }

  /// Appends the elements of an array of token ids to `tokens`.
  public mutating func tokens(into tokens: inout [UInt32]) throws(JSONError) {
    try beginArray()
    while try nextElement() {
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
    position &+= Int(bits >> 3)
    // The first digit is the lowest byte: shifting pads with leading zeros.
    var value = digits &<< (64 &- bits)
    value = (value &* 10 &+ (value &>> 8)) & 0x00ff_00ff_00ff_00ff
    value = (value &* 100 &+ (value &>> 16)) & 0x0000_ffff_0000_ffff
    value = value &* 10_000 &+ (value &>> 32)
    return UInt32(truncatingIfNeeded: value)
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

  private mutating func scanNumber(expected: String) throws(JSONError) -> ScannedNumber {
    switch try firstByte() {
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): break
    default: throw wrongType(expected: expected)
    }
    return try scanNumber()
  }

  /// Checks a number against the grammar; what it is followed by is the caller's matter.
  private mutating func scanNumber() throws(JSONError) -> ScannedNumber {
    let start = position
    var isInteger = true
    if bytes[position] == UInt8(ascii: "-") { position += 1 }
    let firstDigit = position
    try scanDigits(of: start)
    guard bytes[firstDigit] != UInt8(ascii: "0") || position == firstDigit + 1 else {
      throw JSONError(.invalidNumber, at: start)
    }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      try scanDigits(of: start)
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      position += 1
      if position < bytes.count,
        bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
      {
        position += 1
      }
      try scanDigits(of: start)
    }
    return ScannedNumber(range: start..<position, isInteger: isInteger)
  }

  /// Reads one digit or more of the number that starts at `start`.
  private mutating func scanDigits(of start: Int) throws(JSONError) {
    let firstDigit = position
    while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
    guard position == firstDigit else { return }
    throw position < bytes.count
      ? JSONError(.invalidNumber, at: start) : JSONError(.unexpectedEnd, at: position)
  }

  mutating func skipNumber() throws(JSONError) {
    _ = try scanNumber()
  }
}

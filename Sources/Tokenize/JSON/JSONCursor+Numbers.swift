extension JSONCursor {
  struct ScannedNumber {
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

  mutating func scanNumber(expected: String) throws(JSONError) -> ScannedNumber {
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

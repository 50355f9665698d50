/// The name that people and links have for a 64-bit number: sixteen hexadecimal digits.
enum HexID {
  static func text(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }

  /// The number of a name; nil for anything but 1 to 16 hexadecimal digits.
  static func number(_ text: String) -> UInt64? {
    text.utf8.allSatisfy { $0 != UInt8(ascii: "+") } ? UInt64(text, radix: 16) : nil
  }
}

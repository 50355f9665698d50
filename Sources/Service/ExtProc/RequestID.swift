/// Makes the identifier of a request that came without one.
enum RequestID {
  private static let digits = Array("0123456789abcdef".utf8)

  /// A random UUID (version 4).
  static func random() -> String {
    var generator = SystemRandomNumberGenerator()
    var high: UInt64 = generator.next()
    var low: UInt64 = generator.next()
    high = high & ~0xf000 | 0x4000
    low = low & ~(0b11 << 62) | (0b10 << 62)
    return String(unsafeUninitializedCapacity: 36) { text in
      var place = 0
      for index in 0..<32 {
        if index == 8 || index == 12 || index == 16 || index == 20 {
          text[place] = UInt8(ascii: "-")
          place += 1
        }
        let word = index < 16 ? high : low
        text[place] = digits[Int(word >> UInt64(60 - index % 16 * 4) & 15)]
        place += 1
      }
      return place
    }
  }
}

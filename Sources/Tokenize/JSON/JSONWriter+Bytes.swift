extension JSONWriter {
  /// Lets `body` write at the end of the text.
  ///
  /// - Parameters:
  ///   - room: As many bytes as `body` may write.
  ///   - body: Returns how many it wrote.
  @inline(__always)
  mutating func write(atMost room: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int) {
    if storage.count &- count < room { grow(by: room) }
    let end = count
    count = storage.withUnsafeMutableBufferPointer { storage in
      storage.baseAddress.map { end &+ body($0 + end) } ?? end
    }
  }

  @inline(never)
  private mutating func grow(by room: Int) {
    let old = storage
    let capacity = max(2 * old.count, count + room)
    let used = count
    storage = [UInt8](unsafeUninitializedCapacity: capacity) { new, initialized in
      _ = new.initialize(from: old[..<used])
      new[used...].initialize(repeating: 0)
      initialized = capacity
    }
  }

  mutating func byte(_ byte: UInt8) {
    write(atMost: 1) {
      $0.pointee = byte
      return 1
    }
  }

  /// Appends bytes as they are.
  mutating func copy(_ bytes: UnsafeRawBufferPointer) {
    write(atMost: bytes.count) { end in
      UnsafeMutableRawBufferPointer(start: end, count: bytes.count).copyMemory(from: bytes)
      return bytes.count
    }
  }

  mutating func literal(_ text: StaticString) {
    copy(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  // MARK: Strings

  /// Writes a string in quotes, and a colon when it is a key.
  mutating func quote(_ text: String, isKey: Bool) {
    let isWritten: Void? = text.utf8.withContiguousStorageIfAvailable { quote($0, isKey: isKey) }
    if isWritten == nil { Array(text.utf8).withUnsafeBufferPointer { quote($0, isKey: isKey) } }
  }

  private mutating func quote(_ text: UnsafeBufferPointer<UInt8>, isKey: Bool) {
    let hasComma = isCommaDue
    isCommaDue = !isKey
    var plain = 0
    write(atMost: text.count &+ 4) { end in
      var end = end
      let start = end
      func put(_ byte: UInt8) {
        end.pointee = byte
        end += 1
      }
      if hasComma { put(UInt8(ascii: ",")) }
      put(UInt8(ascii: "\""))
      plain = Self.copyPlain(text, to: end)
      end += plain
      if plain == text.count {
        put(UInt8(ascii: "\""))
        if isKey { put(UInt8(ascii: ":")) }
      }
      return end - start
    }
    guard plain < text.count else { return }
    escape(UnsafeBufferPointer(rebasing: text[plain...]))
    if isKey { literal("\":") } else { literal("\"") }
  }

  /// Copies `text` up to the first byte that needs an escape, and returns how many bytes it copied.
  ///
  /// Eight bytes at a time: the usual tests for a zero byte and for a byte below a bound.
  @inline(__always)
  private static func copyPlain(
    _ text: UnsafeBufferPointer<UInt8>, to out: UnsafeMutablePointer<UInt8>
  ) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let raw = UnsafeRawBufferPointer(text)
    var index = 0
    while index &+ 8 <= raw.count {
      let word = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      let quote = word ^ (ones &* 0x22)
      let backslash = word ^ (ones &* 0x5c)
      let found =
        ((word &- ones &* 0x20) & ~word) | ((quote &- ones) & ~quote)
        | ((backslash &- ones) & ~backslash)
      guard found & (ones &* 0x80) == 0 else { break }
      UnsafeMutableRawPointer(out + index).storeBytes(of: word, as: UInt64.self)
      index &+= 8
    }
    while index < text.count, !needsEscape(text[index]) {
      out[index] = text[index]
      index &+= 1
    }
    return index
  }

  @inline(__always)
  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  /// Appends `text`; runs that need no escape are copied whole.
  @inline(never)
  private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
    var rest = text[...]
    while let byte = rest.first {
      guard Self.needsEscape(byte) else {
        let run = UnsafeBufferPointer(rebasing: rest)
        var plain = 0
        write(atMost: run.count) { end in
          plain = Self.copyPlain(run, to: end)
          return plain
        }
        rest = rest.dropFirst(plain)
        continue
      }
      rest = rest.dropFirst()
      switch byte {
      case UInt8(ascii: "\""): literal(#"\""#)
      case UInt8(ascii: "\\"): literal(#"\\"#)
      case 0x0a: literal(#"\n"#)
      case 0x0d: literal(#"\r"#)
      case 0x09: literal(#"\t"#)
      default:
        literal(byte < 0x10 ? #"\u000"# : #"\u001"#)
        self.byte(Self.hexadecimal(byte & 0xf))
      }
    }
  }

  private static func hexadecimal(_ digit: UInt8) -> UInt8 {
    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
  }

  // MARK: Numbers

  /// The decimals from 00 to 99.
  private static let pairs: StaticString = """
    0001020304050607080910111213141516171819\
    2021222324252627282930313233343536373839\
    4041424344454647484950515253545556575859\
    6061626364656667686970717273747576777879\
    8081828384858687888990919293949596979899
    """

  /// Writes a decimal, two digits at a time from its end.
  ///
  /// - Returns: Its length, at most 20.
  @inline(__always)
  static func print(_ value: Int, at start: UnsafeMutablePointer<UInt8>) -> Int {
    var rest = value.magnitude
    let sign = value < 0 ? 1 : 0
    // The first digit takes its place when there is no sign.
    start.pointee = UInt8(ascii: "-")
    let length = sign &+ digits(rest)
    var end = start + length
    let pairs = UnsafeRawPointer(Self.pairs.utf8Start)
    while rest >= 100 {
      let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 100)
      end -= 2
      UnsafeMutableRawPointer(end).storeBytes(
        of: pairs.loadUnaligned(fromByteOffset: Int(2 &* remainder), as: UInt16.self),
        as: UInt16.self)
      rest = quotient
    }
    if rest >= 10 {
      UnsafeMutableRawPointer(end - 2).storeBytes(
        of: pairs.loadUnaligned(fromByteOffset: Int(2 &* rest), as: UInt16.self), as: UInt16.self)
    } else {
      end[-1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest)
    }
    return length
  }

  private static func digits(_ value: UInt) -> Int {
    var count = 1
    var bound: UInt = 10
    while count < 20, value >= bound {
      count &+= 1
      bound &*= 10
    }
    return count
  }
}

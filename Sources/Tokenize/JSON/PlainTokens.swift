/// Reads the plain part of an array of token ids, 64 bytes at a time.
///
/// Reading one number after the other is bound by latency: where a number starts is known only
/// when the one before has been loaded and its end was found. So the ends of all numbers of a block
/// are gathered first, as the bits of one word, and the numbers between them are converted side by
/// side. The ends of the next block are gathered before that: the loop over a block's numbers ends
/// in a mispredicted branch, which would hold them up.
///
/// Plain are numbers of up to eight digits, each followed by a comma, with a space after every
/// comma or after none. What is not plain, and whatever is wrong, is left where it stands for the
/// careful reader, whose errors are the only ones.
struct PlainTokens {
  /// A number and its comma take two bytes.
  static let blockTokensMax = 32
  /// Bytes there have to be from a block's first on: this one, the next, and what is loaded with
  /// the last digit.
  static let bytesMin = 2 * 64 + 8

  private(set) var block: UnsafeRawPointer
  /// Where the next number starts, counted from the block's first byte; before it when the number
  /// began in the block before.
  private var start = 0
  /// A bit for each byte of the block that is not a digit.
  private var ends: UInt64
  private let hasSpaces: Bool

  /// Begins at the first digit of a number, `bytesMin` bytes or more before the text's end.
  init(_ first: UnsafeRawPointer) {
    block = first
    ends = Self.nonDigits(first)
    // The first comma shows how the others are spaced.
    let end = ends.trailingZeroBitCount
    hasSpaces = first.loadUnaligned(fromByteOffset: end, as: UInt16.self) == Self.commaAndSpace
  }

  /// The first byte that is not read.
  var next: UnsafeRawPointer { block + start }

  /// Reads the numbers that end in the block, and moves to the next one.
  ///
  /// - Parameters:
  ///   - values: Room for the numbers of a block.
  ///   - isPlain: Made false when the number at `next` is not plain.
  /// - Returns: How many numbers there were.
  @inline(__always)
  mutating func readBlock(
    into values: UnsafeMutablePointer<UInt32>, _ isPlain: inout Bool
  ) -> Int {
    var nextEnds = Self.nonDigits(block + 64)
    let separator = hasSpaces ? Self.commaAndSpace : Self.comma
    let mask: UInt16 = hasSpaces ? .max : UInt16(littleEndian: 0xff)
    var count = 0
    while ends != 0 {
      let end = ends.trailingZeroBitCount
      let digits = end &- start
      let after = block.loadUnaligned(fromByteOffset: end, as: UInt16.self)
      let word = UInt64(
        littleEndian: block.loadUnaligned(fromByteOffset: start, as: UInt64.self))
      let hasLeadingZero = word & 0xff == 0x30 && digits > 1
      guard UInt(bitPattern: digits &- 1) < 8, after & mask == separator, !hasLeadingZero else {
        isPlain = false
        return count
      }
      values[count] = Self.number(word, digits: digits)
      count &+= 1
      ends &= ends &- 1
      start = end &+ 1
      if hasSpaces {
        // The space's bit is the next one, here or in the next block.
        ends &= ends &- 1
        nextEnds &= ~UInt64(truncatingIfNeeded: start &>> 6)
        start &+= 1
      }
    }
    block += 64
    start &-= 64
    ends = nextEnds
    return count
  }

  private static let comma = UInt16(littleEndian: 0x2c)
  private static let commaAndSpace = UInt16(littleEndian: 0x202c)

  /// A bit for each of 64 bytes that is not a digit; the first byte's is the lowest.
  ///
  /// Each word's eight bits are the top bits of its bytes. Shifted apart and put together they are
  /// the rows of a matrix of 8 × 8 bits, whose columns are the words; then it is transposed.
  @inline(__always)
  private static func nonDigits(_ text: UnsafeRawPointer) -> UInt64 {
    var pairs = SIMD2<UInt64>()
    for row in 0..<4 {
      let digits =
        SIMD2(
          UInt64(
            littleEndian: text.loadUnaligned(fromByteOffset: 8 &* (7 &- row), as: UInt64.self)),
          UInt64(
            littleEndian: text.loadUnaligned(fromByteOffset: 8 &* (3 &- row), as: UInt64.self)))
        ^ 0x3030_3030_3030_3030
      let tops = ((digits & 0x7f7f_7f7f_7f7f_7f7f) &+ 0x7676_7676_7676_7676) | digits
      pairs |= (tops & 0x8080_8080_8080_8080) &>> SIMD2(repeating: UInt64(row))
    }
    var bits = pairs[0] | (pairs[1] &>> 4)
    var swapped = (bits ^ (bits &>> 7)) & 0x00aa_00aa_00aa_00aa
    bits ^= swapped ^ (swapped &<< 7)
    swapped = (bits ^ (bits &>> 14)) & 0x0000_cccc_0000_cccc
    bits ^= swapped ^ (swapped &<< 14)
    swapped = (bits ^ (bits &>> 28)) & 0x0000_0000_f0f0_f0f0
    return bits ^ swapped ^ (swapped &<< 28)
  }

  /// The value of the first one to eight bytes of a word, which are digits.
  ///
  /// - Parameter word: Its lowest byte is the first digit.
  @inline(__always)
  static func number(_ word: UInt64, digits: Int) -> UInt32 {
    // Shifting the first digit up pads with leading zeros.
    var value =
      (word ^ 0x3030_3030_3030_3030) &<< UInt64(truncatingIfNeeded: 64 &- digits &* 8)
    value = (value &* 10 &+ (value &>> 8)) & 0x00ff_00ff_00ff_00ff
    value = (value &* 100 &+ (value &>> 16)) & 0x0000_ffff_0000_ffff
    value = value &* 10_000 &+ (value &>> 32)
    return UInt32(truncatingIfNeeded: value)
  }
}

/// A position in a msgpack message that moves over one value at a time.
///
/// Total: every function can be called on any bytes. A `read` function that does not find what its
/// name says gives nil and stays where it is (in the middle of the run, for runs of tokens and
/// hashes); only `skip`, which asks for any value at all, throws. So a reader tries what it
/// expects, and asks `skip` whether the bytes are broken or merely unexpected.
///
/// An announced count of elements is believed only when that many bytes are left: nobody reserves
/// memory that a message can't fill.
struct MsgpackCursor {
  let start: UnsafeRawPointer
  let end: UnsafeRawPointer
  private(set) var position: UnsafeRawPointer

  /// The buffer must outlive the cursor.
  init(start: UnsafeRawPointer, count: Int) {
    self.start = start
    end = start + count
    position = start
  }

  /// In bytes from the start of the message.
  var offset: Int { position - start }
  var remaining: Int { end - position }
  var isAtEnd: Bool { position == end }

  /// The first byte of the next value, which tells its type.
  @inline(__always)
  var tag: UInt8? { position < end ? byte(0) : nil }

  @inline(__always)
  private func byte(_ index: Int) -> UInt8 {
    position.load(fromByteOffset: index, as: UInt8.self)
  }

  /// The big-endian number `index` bytes from here; the caller knows that it is there.
  @inline(__always)
  func bigEndian<Number: FixedWidthInteger & BitwiseCopyable>(
    _ type: Number.Type, at index: Int = 1
  ) -> Number {
    Number(bigEndian: position.loadUnaligned(fromByteOffset: index, as: Number.self))
  }

  /// Moves over bytes that the caller has looked at; they may not reach past the end.
  @inline(__always)
  mutating func advance(_ count: Int) {
    assert(count >= 0 && count <= remaining)
    position += count
  }

  mutating func move(to place: UnsafeRawPointer) {
    assert(start <= place && place <= end)
    position = place
  }
}

extension MsgpackCursor {
  @inline(__always)
  mutating func readNil() -> Bool {
    guard tag == 0xc0 else { return false }
    advance(1)
    return true
  }

  /// The count of elements that follow.
  @inline(__always)
  mutating func readArrayHeader() -> Int? {
    readHeader(fixed: 0x90, wide: 0xdc, bytesPerElement: 1)
  }

  /// The count of key and value pairs that follow.
  @inline(__always)
  mutating func readMapHeader() -> Int? {
    readHeader(fixed: 0x80, wide: 0xde, bytesPerElement: 2)
  }

  @inline(__always)
  private mutating func readHeader(fixed: UInt8, wide: UInt8, bytesPerElement: Int) -> Int? {
    guard let tag else { return nil }
    let count: Int
    let size: Int
    if tag & 0xf0 == fixed {
      (count, size) = (Int(tag & 0x0f), 1)
    } else if tag == wide, remaining >= 3 {
      (count, size) = (Int(bigEndian(UInt16.self)), 3)
    } else if tag == wide + 1, remaining >= 5 {
      (count, size) = (Int(bigEndian(UInt32.self)), 5)
    } else {
      return nil
    }
    guard count * bytesPerElement <= remaining - size else { return nil }
    advance(size)
    return count
  }

  /// The UTF-8 bytes of a text, not validated.
  @inline(__always)
  mutating func readText() -> UnsafeRawBufferPointer? {
    guard let tag else { return nil }
    if tag & 0xe0 == 0xa0 { return readBody(count: Int(tag & 0x1f), headerBytes: 1) }
    return readLongBody(first: 0xd9)
  }

  @inline(__always)
  mutating func readBinary() -> UnsafeRawBufferPointer? { readLongBody(first: 0xc4) }

  /// A body behind a length of one, two or four bytes; `first` is the tag of the one-byte length.
  private mutating func readLongBody(first: UInt8) -> UnsafeRawBufferPointer? {
    switch tag {
    case first where remaining >= 2: readBody(count: Int(byte(1)), headerBytes: 2)
    case first + 1 where remaining >= 3:
      readBody(count: Int(bigEndian(UInt16.self)), headerBytes: 3)
    case first + 2 where remaining >= 5:
      readBody(count: Int(bigEndian(UInt32.self)), headerBytes: 5)
    default: nil
    }
  }

  @inline(__always)
  private mutating func readBody(count: Int, headerBytes: Int) -> UnsafeRawBufferPointer? {
    guard count <= remaining - headerBytes else { return nil }
    let body = UnsafeRawBufferPointer(start: position + headerBytes, count: count)
    advance(headerBytes + count)
    return body
  }

  /// An integer of any width.
  @inline(__always)
  mutating func readInteger() -> MsgpackInteger? {
    guard let tag else { return nil }
    if tag < 0x80 || tag >= 0xe0 {
      advance(1)
      return MsgpackInteger(signed: Int64(Int8(bitPattern: tag)))
    }
    return readWideInteger(tag)
  }

  private mutating func readWideInteger(_ tag: UInt8) -> MsgpackInteger? {
    guard tag >= 0xcc, tag <= 0xd3 else { return nil }
    let width = 1 << Int(tag & 3)
    guard remaining > width else { return nil }
    let value =
      switch tag {
      case 0xcc: MsgpackInteger(bits: UInt64(byte(1)), isNegative: false)
      case 0xcd: MsgpackInteger(bits: UInt64(bigEndian(UInt16.self)), isNegative: false)
      case 0xce: MsgpackInteger(bits: UInt64(bigEndian(UInt32.self)), isNegative: false)
      case 0xcf: MsgpackInteger(bits: bigEndian(UInt64.self), isNegative: false)
      case 0xd0: MsgpackInteger(signed: Int64(bigEndian(Int8.self)))
      case 0xd1: MsgpackInteger(signed: Int64(bigEndian(Int16.self)))
      case 0xd2: MsgpackInteger(signed: Int64(bigEndian(Int32.self)))
      default: MsgpackInteger(signed: bigEndian(Int64.self))
      }
    advance(1 + width)
    return value
  }

  /// A float of either width, or an integer.
  mutating func readNumber() -> Double? {
    switch tag {
    case 0xcb where remaining >= 9:
      let value = Double(bitPattern: bigEndian(UInt64.self))
      advance(9)
      return value
    case 0xca where remaining >= 5:
      let value = Float(bitPattern: bigEndian(UInt32.self))
      advance(5)
      return Double(value)
    default:
      guard let integer = readInteger() else { return nil }
      return integer.isNegative ? Double(Int64(bitPattern: integer.bits)) : Double(integer.bits)
    }
  }
}

/// An integer of msgpack, from -2^63 to 2^64 - 1, in two's complement.
struct MsgpackInteger {
  var bits: UInt64
  var isNegative: Bool

  init(bits: UInt64, isNegative: Bool) {
    self.bits = bits
    self.isNegative = isNegative
  }

  init(signed: Int64) {
    bits = UInt64(bitPattern: signed)
    isNegative = signed < 0
  }
}

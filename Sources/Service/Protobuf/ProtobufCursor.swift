/// The field that comes next in a message.
package struct ProtobufField {
  package var number: UInt32
  package var type: ProtobufWireType
}

/// How a field's value is laid out.
package enum ProtobufWireType: UInt8, Sendable {
  case varint = 0
  case fixed64 = 1
  /// A length and so many bytes: strings, bytes, messages, packed arrays.
  case bytes = 2
  case fixed32 = 5
}

/// Reads a protobuf message from front to back, one field at a time, without building an object.
///
/// Total: any bytes can be read, and what is wrong is thrown with its place. A field whose type is
/// not the expected one is to be skipped like an unknown one, as the protobuf libraries do:
///
///     while let field = try cursor.nextField() {
///       switch (field.number, field.type) {
///       case (1, .bytes): model = try cursor.string()
///       default: try cursor.skip(field.type)
///       }
///     }
///
/// A cursor borrows the bytes: it must not outlive them. After an error it is of no further use.
package struct ProtobufCursor {
  /// Of the outermost message: errors count from here.
  private let origin: UnsafeRawPointer
  private let end: UnsafeRawPointer
  private let depthMax: Int
  private let depth: Int
  private var position: UnsafeRawPointer

  /// A cursor before the first field of `bytes`.
  ///
  /// - Parameter depthMax: Levels of nested messages allowed.
  package init(_ bytes: UnsafeRawBufferPointer, depthMax: Int = 32) {
    origin = bytes.baseAddress ?? UnsafeRawPointer(("" as StaticString).utf8Start)
    position = origin
    end = origin + bytes.count
    self.depthMax = depthMax
    depth = 0
  }

  private init(parent: ProtobufCursor, bytes: UnsafeRawBufferPointer) {
    origin = parent.origin
    position = bytes.baseAddress ?? parent.position
    end = position + bytes.count
    depthMax = parent.depthMax
    depth = parent.depth + 1
  }

  @inline(__always)
  private var remaining: Int { end - position }

  private func error(_ fault: ProtobufError.Fault) -> ProtobufError {
    ProtobufError(fault, at: position - origin)
  }

  /// The next field, whose value has to be read or skipped next; nil at the end of the message.
  @inline(__always)
  package mutating func nextField() throws(ProtobufError) -> ProtobufField? {
    guard position < end else { return nil }
    let start = position
    let tag = try varint()
    guard tag >> 3 != 0, tag >> 3 < 1 << 29 else {
      position = start
      throw error(.invalidFieldNumber)
    }
    guard let type = ProtobufWireType(rawValue: UInt8(truncatingIfNeeded: tag & 7)) else {
      position = start
      throw error(tag & 7 == 3 || tag & 7 == 4 ? .group : .invalidWireType(UInt8(tag & 7)))
    }
    return ProtobufField(number: UInt32(truncatingIfNeeded: tag >> 3), type: type)
  }

  /// Moves over a value of any kind.
  package mutating func skip(_ type: ProtobufWireType) throws(ProtobufError) {
    switch type {
    case .varint: _ = try varint()
    case .fixed64: _ = try fixed64()
    case .bytes: _ = try bytes()
    case .fixed32: _ = try fixed32()
    }
  }

  // MARK: Numbers

  @inline(__always)
  package mutating func varint() throws(ProtobufError) -> UInt64 {
    guard position < end else { throw error(.truncated) }
    let byte = position.load(as: UInt8.self)
    guard byte >= 0x80 else {
      position += 1
      return UInt64(byte)
    }
    return try longVarint()
  }

  private mutating func longVarint() throws(ProtobufError) -> UInt64 {
    var value: UInt64 = 0
    var place = position
    for shift in stride(from: 0 as UInt64, through: 63, by: 7) {
      guard place < end else { throw error(.truncated) }
      let byte = place.load(as: UInt8.self)
      place += 1
      // Nine bytes have 63 bits: one is left for the tenth.
      guard shift < 63 || byte <= 1 else { throw error(.varintTooLong) }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 {
        position = place
        return value
      }
    }
    throw error(.varintTooLong)
  }

  /// The low half of a number, as the protobuf libraries take it.
  @inline(__always)
  package mutating func uint32() throws(ProtobufError) -> UInt32 {
    UInt32(truncatingIfNeeded: try varint())
  }

  package mutating func bool() throws(ProtobufError) -> Bool { try varint() != 0 }

  package mutating func fixed32() throws(ProtobufError) -> UInt32 {
    guard remaining >= 4 else { throw error(.truncated) }
    defer { position += 4 }
    return UInt32(littleEndian: position.loadUnaligned(as: UInt32.self))
  }

  package mutating func fixed64() throws(ProtobufError) -> UInt64 {
    guard remaining >= 8 else { throw error(.truncated) }
    defer { position += 8 }
    return UInt64(littleEndian: position.loadUnaligned(as: UInt64.self))
  }

  package mutating func double() throws(ProtobufError) -> Double {
    Double(bitPattern: try fixed64())
  }

  // MARK: Bytes

  /// A slice of the message.
  @inline(__always)
  package mutating func bytes() throws(ProtobufError) -> UnsafeRawBufferPointer {
    let count = try varint()
    guard count <= UInt64(remaining) else { throw error(.truncated) }
    defer { position += Int(count) }
    return UnsafeRawBufferPointer(start: position, count: Int(count))
  }

  package mutating func string() throws(ProtobufError) -> String {
    let start = position
    let bytes = try bytes()
    guard let text = String(validating: bytes, as: UTF8.self) else {
      position = start
      throw error(.invalidUTF8)
    }
    return text
  }

  /// A cursor before the first field of a nested message.
  package mutating func message() throws(ProtobufError) -> ProtobufCursor {
    guard depth < depthMax else { throw error(.tooDeep(depthMax: depthMax)) }
    return ProtobufCursor(parent: self, bytes: try bytes())
  }

  // MARK: Packed arrays

  /// Appends a packed array of `fixed32`, by copying memory.
  package mutating func packedFixed32(
    into numbers: inout [UInt32]
  ) throws(ProtobufError) {
    let start = position
    let bytes = try bytes()
    guard bytes.count % 4 == 0 else {
      position = start
      throw error(.unevenArray)
    }
    let old = numbers.count
    let added = bytes.count / 4
    if old == 0 {
      numbers = Array(unsafeUninitializedCapacity: added) { storage, count in
        UnsafeMutableRawBufferPointer(storage).copyMemory(from: bytes)
        count = added
      }
    } else {
      numbers.append(contentsOf: repeatElement(0, count: added))
      numbers.withUnsafeMutableBytes { storage in
        UnsafeMutableRawBufferPointer(rebasing: storage[(old * 4)...]).copyMemory(from: bytes)
      }
    }
    #if _endian(big)
      for index in old..<numbers.count { numbers[index] = numbers[index].littleEndian }
    #endif
  }
}

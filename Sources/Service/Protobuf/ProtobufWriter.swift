internal import Glibc

/// Writes a protobuf message from its last field to its first.
///
/// It fills its buffer from the end, so that the length of a nested message is known when its
/// prefix is due, and no byte is moved:
///
///     writer.message(2) { writer in
///       writer.string(2, address)
///       writer.string(1, name)
///     }
///
/// Fields that have their default value are left out by the functions named `…IfPresent`; the
/// others always write.
package struct ProtobufWriter: ~Copyable {
  private var memory: UnsafeMutableRawPointer
  private var capacity: Int
  /// Bytes written: the last ones of the memory.
  package private(set) var count = 0

  /// A writer with room for `capacity` bytes; it grows as needed.
  package init(capacity: Int = 256) {
    self.capacity = max(16, capacity)
    memory = .allocate(byteCount: self.capacity, alignment: 16)
  }

  deinit { memory.deallocate() }

  /// The message so far, valid until the next write.
  package var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: memory + (capacity - count), count: count)
  }

  /// A copy of the message so far.
  package func array() -> [UInt8] { [UInt8](bytes) }

  /// Forgets what was written, and keeps the memory.
  package mutating func removeAll() { count = 0 }

  // MARK: Fields

  /// Writes a nested message; `body` writes its fields, last to first.
  @inline(__always)
  package mutating func message(_ field: UInt32, _ body: (inout ProtobufWriter) -> Void) {
    let end = count
    body(&self)
    varint(UInt64(count - end))
    tag(field, .bytes)
  }

  package mutating func varint(_ field: UInt32, _ value: UInt64) {
    varint(value)
    tag(field, .varint)
  }

  package mutating func varintIfPresent(_ field: UInt32, _ value: UInt32) {
    if value != 0 { varint(field, UInt64(value)) }
  }

  package mutating func boolIfPresent(_ field: UInt32, _ value: Bool) {
    if value { varint(field, 1) }
  }

  package mutating func double(_ field: UInt32, _ value: Double) {
    prepend(fixedWidth: value.bitPattern.littleEndian)
    tag(field, .fixed64)
  }

  package mutating func fixed64(_ field: UInt32, _ value: UInt64) {
    prepend(fixedWidth: value.littleEndian)
    tag(field, .fixed64)
  }

  package mutating func fixed32(_ field: UInt32, _ value: UInt32) {
    prepend(fixedWidth: value.littleEndian)
    tag(field, .fixed32)
  }

  package mutating func doubleIfPresent(_ field: UInt32, _ value: Double) {
    // Negative zero is not the default.
    if value.bitPattern != 0 { double(field, value) }
  }

  package mutating func string(_ field: UInt32, _ value: String) {
    var value = value
    value.withUTF8 { bytes(field, UnsafeRawBufferPointer($0)) }
  }

  package mutating func stringIfPresent(_ field: UInt32, _ value: String) {
    if !value.isEmpty { string(field, value) }
  }

  package mutating func bytes(_ field: UInt32, _ value: UnsafeRawBufferPointer) {
    prepend(value)
    varint(UInt64(value.count))
    tag(field, .bytes)
  }

  package mutating func bytesIfPresent(_ field: UInt32, _ value: [UInt8]) {
    if !value.isEmpty { value.withUnsafeBytes { bytes(field, $0) } }
  }

  /// Writes a packed array of `fixed32`, by copying memory; nothing for an empty one.
  package mutating func packedFixed32(_ field: UInt32, _ values: [UInt32]) {
    guard !values.isEmpty else { return }
    #if _endian(big)
      let values = values.map(\.littleEndian)
    #endif
    values.withUnsafeBytes { bytes(field, $0) }
  }

  // MARK: Bytes

  /// Writes bytes that are no field before all others, such as a frame's prefix.
  package mutating func prepend(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
    makeRoom(bytes.count)
    count += bytes.count
    memcpy(memory + (capacity - count), source, bytes.count)
  }

  @inline(__always)
  private mutating func prepend<Value: BitwiseCopyable>(fixedWidth value: Value) {
    makeRoom(MemoryLayout<Value>.size)
    count += MemoryLayout<Value>.size
    (memory + (capacity - count)).storeBytes(of: value, as: Value.self)
  }

  @inline(__always)
  private mutating func tag(_ field: UInt32, _ type: ProtobufWireType) {
    varint(UInt64(field) << 3 | UInt64(type.rawValue))
  }

  @inline(__always)
  private mutating func varint(_ value: UInt64) {
    makeRoom(10)
    guard value < 0x80 else { return longVarint(value) }
    count &+= 1
    memory.storeBytes(
      of: UInt8(truncatingIfNeeded: value), toByteOffset: capacity &- count, as: UInt8.self)
  }

  private mutating func longVarint(_ value: UInt64) {
    let size = (70 - value.leadingZeroBitCount) / 7
    count += size
    var rest = value
    let start = capacity - count
    for index in 0..<(size - 1) {
      memory.storeBytes(of: UInt8(rest & 0x7f) | 0x80, toByteOffset: start + index, as: UInt8.self)
      rest >>= 7
    }
    memory.storeBytes(of: UInt8(rest), toByteOffset: start + size - 1, as: UInt8.self)
  }

  @inline(__always)
  private mutating func makeRoom(_ size: Int) {
    if capacity - count < size { grow(size) }
  }

  private mutating func grow(_ size: Int) {
    let larger = max(2 * capacity, count + size)
    let target = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    memcpy(target + (larger - count), memory + (capacity - count), count)
    memory.deallocate()
    memory = target
    capacity = larger
  }
}

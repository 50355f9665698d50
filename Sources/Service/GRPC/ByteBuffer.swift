import Glibc

/// Bytes that are appended at the end and consumed at the front.
///
///     memory   |  consumed  |  bytes  |  free  |
struct ByteBuffer: ~Copyable {
  /// An empty buffer gives memory back that exceeds this.
  private static let keptBytesMax = 128 << 10

  private var memory: UnsafeMutableRawPointer?
  private var capacity = 0
  private var start = 0
  private(set) var count = 0

  deinit { free(memory) }

  var isEmpty: Bool { count == 0 }

  /// Valid until the next change.
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: memory.map { UnsafeRawPointer($0 + start) }, count: count)
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
    memcpy(room(bytes.count), source, bytes.count)
    count += bytes.count
  }

  mutating func append(_ byte: UInt8) {
    room(1).storeBytes(of: byte, as: UInt8.self)
    count += 1
  }

  mutating func append(bigEndian value: UInt32) {
    room(4).storeBytes(of: value.bigEndian, as: UInt32.self)
    count += 4
  }

  /// Drops bytes at the front.
  mutating func consume(_ size: Int) {
    assert(size <= count)
    start += size
    count -= size
    if count == 0 { removeAll() }
  }

  mutating func removeAll() {
    start = 0
    count = 0
    guard capacity > Self.keptBytesMax else { return }
    free(memory)
    memory = nil
    capacity = 0
  }

  /// The place of the next `size` bytes.
  @inline(__always)
  private mutating func room(_ size: Int) -> UnsafeMutableRawPointer {
    if let memory, start + count + size <= capacity { return memory + (start + count) }
    return makeRoom(size)
  }

  private mutating func makeRoom(_ size: Int) -> UnsafeMutableRawPointer {
    if let memory, count + size <= capacity / 2 {
      memmove(memory, memory + start, count)
      start = 0
      return memory + count
    }
    let larger = max(256, 2 * capacity, count + size)
    guard let target = malloc(larger) else {
      preconditionFailure("no memory for a buffer of \(larger) bytes")
    }
    if let memory { memcpy(target, memory + start, count) }
    free(memory)
    memory = target
    capacity = larger
    start = 0
    return target + count
  }
}

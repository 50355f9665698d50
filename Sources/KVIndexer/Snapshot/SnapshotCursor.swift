/// Reads the payload of one section, and throws where it makes no sense.
package struct SnapshotCursor {
  private let bytes: UnsafeRawBufferPointer
  let section: SnapshotSection
  private(set) var offset = 0

  init(_ bytes: UnsafeRawBufferPointer, of section: SnapshotSection) {
    self.bytes = bytes
    self.section = section
  }

  var isAtEnd: Bool { offset == bytes.count }

  func damage(_ reason: String) -> SnapshotError { .damaged(section, reason) }

  /// The next `count` bytes.
  @inline(__always)
  mutating func take(_ count: Int) throws(SnapshotError) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= bytes.count - offset else { throw damage("it is too short") }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }

  @inline(__always)
  mutating func number<T: FixedWidthInteger & BitwiseCopyable>(
    as type: T.Type = T.self
  ) throws(SnapshotError) -> T {
    T(littleEndian: try take(MemoryLayout<T>.size).loadUnaligned(as: T.self))
  }

  mutating func integer() throws(SnapshotError) -> Int {
    guard let value = Int(exactly: try number(as: UInt64.self)) else {
      throw damage("a number is too large")
    }
    return value
  }

  mutating func flag() throws(SnapshotError) -> Bool {
    switch try number(as: UInt8.self) {
    case 0: return false
    case 1: return true
    default: throw damage("a flag is neither 0 nor 1")
    }
  }

  mutating func optional<T>(
    _ read: (inout SnapshotCursor) throws(SnapshotError) -> T
  ) throws(SnapshotError) -> T? {
    try flag() ? try read(&self) : nil
  }

  mutating func text() throws(SnapshotError) -> String {
    let count = Int(try number(as: UInt32.self))
    guard let text = String(validating: try take(count), as: UTF8.self) else {
      throw damage("a text is not UTF-8")
    }
    return text
  }

  /// A list whose elements take at least `bytesMin` bytes each.
  mutating func list<T>(
    bytesMin: Int, _ read: (inout SnapshotCursor) throws(SnapshotError) -> T
  ) throws(SnapshotError) -> [T] {
    let count = Int(try number(as: UInt32.self))
    guard count <= (bytes.count - offset) / bytesMin else { throw damage("a list is too long") }
    var elements: [T] = []
    elements.reserveCapacity(count)
    for _ in 0..<count { elements.append(try read(&self)) }
    return elements
  }

  mutating func tier() throws(SnapshotError) -> Tier {
    guard let tier = Tier(rawValue: try number()) else { throw damage("a tier is not known") }
    return tier
  }
}

/// Appends what sections are made of.
struct SnapshotBytes {
  private(set) var bytes: [UInt8] = []

  mutating func number<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func integer(_ value: Int) { number(UInt64(value)) }

  mutating func flag(_ value: Bool) { number(UInt8(value ? 1 : 0)) }

  mutating func optional<T>(_ value: T?, _ write: (inout SnapshotBytes, T) -> Void) {
    flag(value != nil)
    if let value { write(&self, value) }
  }

  mutating func text(_ text: String) {
    number(UInt32(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  mutating func list<T>(_ elements: [T], _ write: (inout SnapshotBytes, T) -> Void) {
    number(UInt32(elements.count))
    for element in elements { write(&self, element) }
  }
}

internal import Glibc

/// The names and values that a client sent with a call, in one piece of memory.
///
/// Without those that are HTTP/2's and gRPC's own.
struct GRPCMetadata {
  private static let prefixBytes = 8

  /// For each field the lengths of its name and its value, four bytes each, then both.
  private var bytes: [UInt8] = []

  mutating func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
    withUnsafeBytes(of: (UInt32(name.count), UInt32(value.count))) {
      bytes.append(contentsOf: $0)
    }
    bytes.append(contentsOf: name)
    bytes.append(contentsOf: value)
  }

  /// The first value of a name, which is in lower case; bytes that are not UTF-8 become U+FFFD.
  subscript(name: StaticString) -> String? {
    bytes.withUnsafeBytes { bytes in
      var place = 0
      while place < bytes.count {
        let sizes = bytes.loadUnaligned(fromByteOffset: place, as: (UInt32, UInt32).self)
        let nameStart = place + Self.prefixBytes
        let valueStart = nameStart + Int(sizes.0)
        let end = valueStart + Int(sizes.1)
        if UnsafeRawBufferPointer(rebasing: bytes[nameStart..<valueStart]).equals(name) {
          return String(decoding: bytes[valueStart..<end], as: UTF8.self)
        }
        place = end
      }
      return nil
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Whether these are the bytes of `text`.
  @inline(__always)
  func equals(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount, let baseAddress else { return false }
    return memcmp(baseAddress, text.utf8Start, count) == 0
  }

  /// Whether these begin with the bytes of `text`.
  func hasPrefix(_ text: StaticString) -> Bool {
    count >= text.utf8CodeUnitCount
      && UnsafeRawBufferPointer(rebasing: prefix(text.utf8CodeUnitCount)).equals(text)
  }
}

internal import CXXH

/// What makes sections of payloads.
enum SnapshotSealing {
  static func header(check: UInt64, writtenAt: UInt64) -> [UInt8] {
    var header = SnapshotBytes()
    header.number(SnapshotFormat.magic)
    header.number(SnapshotFormat.version)
    header.number(UInt32(0))
    header.number(check)
    header.number(writtenAt)
    let checksum = header.bytes.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) }
    header.number(checksum)
    return header.bytes
  }

  /// Bytes of a section beside its payload.
  static let frameBytes = 24

  /// The section at `place`, whole.
  static func framed(_ section: SnapshotSection, _ payload: [UInt8], place: Int) -> [UInt8] {
    var head = SnapshotBytes()
    head.number(section.rawValue)
    head.number(UInt32(0))
    head.integer(payload.count)
    var checksum = SnapshotBytes()
    checksum.number(
      head.bytes.withUnsafeBytes { head in
        payload.withUnsafeBytes { SnapshotChecksum.of(head, $0, place: place) }
      })
    var bytes: [UInt8] = []
    bytes.reserveCapacity(payload.count + frameBytes)
    bytes += head.bytes
    bytes += payload
    bytes += checksum.bytes
    return bytes
  }

  /// Seals the engine hashes of the runs of one section.
  static func sealRuns(_ payload: inout [UInt8], by seal: HashSeal) {
    payload.withUnsafeMutableBytes { bytes in
      var offset = 0
      while offset < bytes.count {
        let blocks = Int(number(bytes, offset + 18, as: UInt16.self))
        let holders = Int(number(bytes, offset + 20, as: UInt32.self))
        offset += SnapshotFormat.runHeaderBytes + blocks * 8
        for _ in 0..<blocks {
          let sealed = seal.seal(number(bytes, offset, as: UInt64.self))
          bytes.storeBytes(of: sealed.littleEndian, toByteOffset: offset, as: UInt64.self)
          offset += 8
        }
        for _ in 0..<holders {
          let cut = number(bytes, offset + 2, as: UInt16.self)
          offset += cut > 0 ? 4 : 4 + (blocks + 63) / 64 * 8
        }
      }
    }
  }

  @inline(__always)
  private static func number<T: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeMutableRawBufferPointer, _ offset: Int, as type: T.Type
  ) -> T {
    T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }
}

import Simulation
import Testing

@testable import Service

@Suite struct ProtobufCursorTests {
  /// Calls `body` with a cursor over bytes that end where a page of nobody's might begin.
  private func read<R>(
    _ bytes: [UInt8], depthMax: Int = 32, _ body: (inout ProtobufCursor) throws -> R
  ) rethrows -> R {
    try bytes.withUnsafeBytes {
      var cursor = ProtobufCursor($0, depthMax: depthMax)
      return try body(&cursor)
    }
  }

  private func fault(
    _ bytes: [UInt8], _ body: (inout ProtobufCursor) throws -> Void
  ) -> ProtobufError? {
    #expect(throws: ProtobufError.self) { try read(bytes, body) }
  }

  @Test(arguments: [0, 1, 127, 128, 300, 16383, 16384, 1 << 32, 1 << 63, .max] as [UInt64])
  func `a number is read as it was written`(_ value: UInt64) throws {
    var writer = ProtobufWriter(capacity: 1)
    writer.varint(5, value)
    let bytes = writer.array()
    try read(bytes) { cursor in
      let field = try cursor.nextField()
      #expect(field?.number == 5)
      #expect(field?.type == .varint)
      #expect(try cursor.varint() == value)
      #expect(try cursor.nextField() == nil)
    }
  }

  @Test func `faults say what and where`() {
    let skipAll: (inout ProtobufCursor) throws -> Void = { cursor in
      while let field = try cursor.nextField() { try cursor.skip(field.type) }
    }
    #expect(fault([0x08], skipAll) == ProtobufError(.truncated, at: 1))
    #expect(fault([0x08, 0x80], skipAll) == ProtobufError(.truncated, at: 1))
    #expect(fault([0x12, 3, 1, 2], skipAll)?.fault == .truncated)
    #expect(fault([0x0d, 1, 2, 3], skipAll) == ProtobufError(.truncated, at: 1))
    #expect(fault([0x09, 1, 2, 3, 4], skipAll) == ProtobufError(.truncated, at: 1))
    #expect(fault([0x08, 1, 0x00, 1], skipAll) == ProtobufError(.invalidFieldNumber, at: 2))
    #expect(fault([0x08, 1, 0x0b], skipAll) == ProtobufError(.group, at: 2))
    #expect(fault([0x0c], skipAll) == ProtobufError(.group, at: 0))
    #expect(fault([0x0e], skipAll) == ProtobufError(.invalidWireType(6), at: 0))
    let tooLong = [0x08] + [UInt8](repeating: 0xff, count: 9) + [0x02]
    #expect(fault(tooLong, skipAll) == ProtobufError(.varintTooLong, at: 1))
    // A length that would wrap around.
    let huge = [0x12] + [UInt8](repeating: 0xff, count: 9) + [0x01]
    #expect(fault(huge, skipAll)?.fault == .truncated)
    let uneven: [UInt8] = [0x12, 3, 0, 0, 0]
    #expect(
      fault(uneven) {
        _ = try $0.nextField()
        var numbers: [UInt32] = []
        try $0.packedFixed32(into: &numbers)
      } == ProtobufError(.unevenArray, at: 1))
    #expect(
      fault([0x0a, 1, 0xff]) {
        _ = try $0.nextField()
        _ = try $0.string()
      }
        == ProtobufError(.invalidUTF8, at: 1))
    #expect("\(ProtobufError(.group, at: 2))" == "groups are not supported, at byte 2")
  }

  @Test func `nesting has a limit, and offsets count from the outermost message`() {
    // Each level is one field that holds the rest; the innermost is cut short.
    var bytes: [UInt8] = [0x08]
    for _ in 0..<20 { bytes = [0x0a, UInt8(bytes.count)] + bytes }
    func descend(_ cursor: inout ProtobufCursor) throws {
      while let field = try cursor.nextField() {
        guard field.type == .bytes else {
          try cursor.skip(field.type)
          continue
        }
        var nested = try cursor.message()
        try descend(&nested)
      }
    }
    #expect(fault(bytes, descend) == ProtobufError(.truncated, at: bytes.count))
    let error = #expect(throws: ProtobufError.self) { try read(bytes, depthMax: 3, descend) }
    #expect(error == ProtobufError(.tooDeep(depthMax: 3), at: 7))
  }

  @Test func `arrays are read packed, unpacked and in pieces`() throws {
    let packed: [UInt8] = [0x12, 8, 1, 0, 0, 0, 2, 0, 0, 0]
    let single: [UInt8] = [0x15, 3, 0, 0, 0]
    let message = try (packed + single + packed).withUnsafeBytes {
      try ScoreRequestMessage(parsing: $0)
    }
    #expect(message.tokens == [1, 2, 3, 1, 2])
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func `truncated and mutated messages never trap`(_ seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<20 {
      let bytes = RandomMessages.scoreResponse(&random).serialized()
      for count in 0..<min(bytes.count, 400) { parse(Array(bytes.prefix(count))) }
      for _ in 0..<200 { parse(RandomMessages.mutated(bytes, &random)) }
    }
  }

  /// Reads bytes as every message; whatever comes of it, it ends.
  private func parse(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { bytes in
      _ = try? ScoreResponseMessage(parsing: bytes)
      _ = try? ScoreBatchRequestMessage(parsing: bytes)
      _ = try? WatchEventMessage(parsing: bytes)
      _ = try? PodScoresResponseMessage(parsing: bytes)
    }
  }
}

import KVIndexer
import Testing

/// How messages of every generation are told apart.
@Suite struct EventShapeTests {
  private static func shape(_ payload: [UInt8]) -> EventShape? {
    payload.withUnsafeBytes { EventShape($0) }
  }

  @Test func `arrays tell their generation by their length`() throws {
    func array(_ fields: MsgpackValue...) -> EventShape? {
      let event = MsgpackValue.array(["BlockStored"] + fields)
      return Self.shape(MsgpackValue.array([1.5, [event], 0]).bytes)
    }
    let oldest = try #require(array([1], nil, [1], 1, nil))
    #expect(oldest.batch == .array && oldest.event == .array)
    #expect(!oldest.hasLoRAName && !oldest.hasExtraKeys && !oldest.hasGroup)
    let newest = try #require(array([1], nil, [1], 1, nil, "GPU", nil, nil, 0))
    #expect(newest.hasLoRAName && newest.hasExtraKeys && newest.hasGroup)
  }

  @Test func `maps tell by their keys, and hashes by their type`() throws {
    let event: MsgpackValue = [
      "block_hashes": [.raw([0xc4, 1, 7])], "group_idx": 0, "type": "BlockStored", "lora_name": nil,
    ]
    let batch: MsgpackValue = ["ts": 1.5, "events": [["type": "AllBlocksCleared"], event]]
    let shape = try #require(Self.shape(batch.bytes))
    #expect(shape.batch == .map && shape.event == .map && shape.hasByteHashes)
    #expect(shape.hasLoRAName && shape.hasGroup && !shape.hasExtraKeys)
  }

  @Test func `recorded messages are maps with groups, and their beginnings do not trap`() throws {
    for fixture in try EventFixture.recorded().prefix(200) {
      if let shape = Self.shape(fixture.payload) {
        #expect(shape.event == .map && shape.batch == .array, "\(fixture)")
      }
      for count in 0..<min(fixture.payload.count, 64) {
        _ = Self.shape(Array(fixture.payload.prefix(count)))
      }
    }
  }
}

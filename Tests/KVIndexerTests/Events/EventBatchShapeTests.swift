import KVIndexer
import Testing

/// The batch around the events.
@Suite struct EventBatchShapeTests {
  private static let cleared: MsgpackValue = ["type": "AllBlocksCleared"]

  @Test func timestampsAreFloatsOrIntegers() throws {
    var decoder = EventDecoder(seed: 1)
    for (timestamp, seconds) in [
      (.double(1.25), 1.25), (.positive(7), 7), (.negative(-7), -7),
      (.raw([0xca, 0x3f, 0x80, 0, 0]), 1),
    ] as [(MsgpackValue, Double)] {
      let decoded = try decoder.decoded(MsgpackValue.array([timestamp, []]).bytes)
      #expect(decoded == DecodedBatch(timestamp: seconds, rank: nil, events: []))
    }
  }

  @Test func aBatchMapHasItsFieldsInAnyOrder() throws {
    let batch: MsgpackValue = [
      "data_parallel_rank": 2, "events": "replaced", "more": [1], "events": [Self.cleared],
      "ts": 1.5,
    ]
    var decoder = EventDecoder(seed: 1)
    let decoded = try decoder.decoded(batch.bytes)
    #expect(decoded == DecodedBatch(timestamp: 1.5, rank: 2, events: [.init(kind: .cleared)]))
    #expect(decoder.counters.unknownFields == 1)
  }

  @Test func elementsAfterTheRankAreCounted() throws {
    var decoder = EventDecoder(seed: 1)
    let decoded = try decoder.decoded(MsgpackValue.array([1, [], nil, "a", [2]]).bytes)
    #expect(decoded.rank == nil && decoder.counters.extraElements == 2)
  }

  @Test(
    arguments: [
      ([], .wrongShape, 0), ([1], .wrongShape, 0), (nil, .wrongShape, 0), (5, .wrongShape, 0),
      (["1", []], .wrongShape, 1), ([.raw([0]), 5], .wrongShape, 2),
      ([.raw([0]), [], "r"], .wrongShape, 3), ([.raw([0]), [], -1], .wrongShape, 3),
      ([.raw([0]), .raw([0xc1])], .reservedByte, 2), (.raw([0xc1]), .reservedByte, 0),
      ([.raw([0]), [.raw([0xc1])]], .reservedByte, 3),
      (.raw([0x92, 0, 0x90, 0xc0]), .trailingBytes, 3), (.raw([]), .truncated, 0),
      (.raw([0x92, 0, 0x91]), .truncated, 3), (["ts": 1.5], .missingField, 1),
      (["events": []], .missingField, 1), ([5: 6], .wrongShape, 1), ([:], .missingField, 1),
    ] as [(MsgpackValue, EventDecodingError.Cause, Int)])
  func aMessageThatIsNoBatchIsRefusedWithItsPlace(
    message: MsgpackValue, cause: EventDecodingError.Cause, byteOffset: Int
  ) throws {
    var decoder = EventDecoder(seed: 1)
    var batch = EventBatch()
    try decoder.decode(MsgpackValue.array([1, [Self.cleared]]).bytes, into: &batch)
    #expect(batch.events.count == 1)
    let error = #expect(throws: EventDecodingError.self) {
      try decoder.decode(message.bytes, into: &batch)
    }
    #expect(error == EventDecodingError(cause, at: byteOffset))
    #expect(error?.description.contains("\(byteOffset)") == true || byteOffset == 0)
    #expect(batch.events.isEmpty && batch.timestamp == 0 && batch.skippedEvents == 0)
    #expect(decoder.counters.refusedBatches == 1 && decoder.counters.batches == 1)
  }

  @Test func aRefusedBatchCountsNoneOfItsEvents() throws {
    var decoder = EventDecoder(seed: 1)
    let bytes = MsgpackValue.array([1, [Self.cleared, 5, .raw([0xc1])]]).bytes
    #expect(throws: EventDecodingError.self) { try decoder.decoded(bytes) }
    #expect(decoder.counters.cleared == 0 && decoder.counters.skipped == 0)
  }

  @Test func aBatchIsReusedWithoutWhatItHeld() throws {
    var decoder = EventDecoder(seed: 1)
    var batch = EventBatch()
    let stored: MsgpackValue = ["BlockStored", [1, 2], nil, [1, 2, 3, 4], 2]
    for _ in 0..<3 {
      try decoder.decode(MsgpackValue.array([1, [stored, 7], 4]).bytes, into: &batch)
      #expect(batch.events.count == 1 && batch.skippedEvents == 1 && batch.dataParallelRank == 4)
      #expect(batch.hashes.count == 2 && batch.tokens.count == 4)
    }
    try decoder.decode(MsgpackValue.array([1, []]).bytes, into: &batch)
    #expect(batch.events.isEmpty && batch.skippedEvents == 0 && batch.dataParallelRank == nil)
  }
}

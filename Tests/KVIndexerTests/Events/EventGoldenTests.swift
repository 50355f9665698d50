import KVIndexer
import Simulation
import Testing

/// Real messages, and those of each older version, against libmsgpack and against literals.
@Suite struct EventGoldenTests {
  private let seed: UInt64 = 11

  @Test func everyRecordedMessageMeansWhatLibmsgpackReads() throws {
    let fixtures = try EventFixture.recorded()
    #expect(fixtures.count > 1100)
    var decoder = EventDecoder(seed: seed)
    for fixture in fixtures {
      let value = try #require(MsgpackValue(libmsgpack: fixture.payload), "\(fixture.name)")
      let batch = try #require(EngineBatch(value), "\(fixture.name)")
      #expect(
        try decoder.decoded(fixture.payload) == DecodedBatch(expecting: batch, seed: seed),
        "\(fixture.name)")
    }
    let counters = decoder.counters
    #expect(counters.batches == fixtures.count && counters.refusedBatches == 0)
    #expect(counters.skipped == 0 && counters.unknownTags == 0 && counters.unknownFields == 0)
    #expect(counters.unknownMedia == 0 && counters.extraElements == 0)
  }

  @Test func everyRecordedMessageIsEncodedToTheSameBytes() throws {
    let encoder = EventEncoder(generation: .v032)
    for fixture in try EventFixture.recorded() {
      let value = try #require(MsgpackValue(libmsgpack: fixture.payload), "\(fixture.name)")
      let batch = try #require(EngineBatch(value), "\(fixture.name)")
      #expect(encoder.encode(batch) == fixture.payload, "\(fixture.name)")
    }
  }

  @Test(arguments: [
    ("v0.9", WireGeneration.v09), ("v0.10_dp_rank", .v010), ("v0.11_medium", .v011),
    ("v0.11_medium_bytes", .v011), ("lora_name", .loraName), ("extra_keys", .extraKeys),
    ("v0.23_group_idx", .v023), ("v0.24_map_events", .v024), ("draft_map_batch", .draftMap),
  ])
  func everyGenerationCarriesTheSameFourEvents(file: String, generation: WireGeneration) throws {
    let payload = try EventFixture.legacy(file)
    let batch = Self.legacyBatch(of: generation, bytes: file.hasSuffix("bytes"))
    #expect(EventEncoder(generation: generation).encode(batch) == payload)

    var decoder = EventDecoder(seed: seed)
    let decoded = try decoder.decoded(payload)
    #expect(decoded == DecodedBatch(expecting: batch, seed: seed))
    #expect(decoder.counters.stored == 2 && decoder.counters.removed == 1)
    #expect(decoder.counters.cleared == 1 && decoder.counters.skipped == 0)
    let value = try #require(MsgpackValue(libmsgpack: payload))
    #expect(EngineBatch(value) == batch)
  }

  @Test func theBytesOfTheFirstGenerationAreTheseEvents() throws {
    var decoder = EventDecoder(seed: seed)
    let decoded = try decoder.decoded(EventFixture.legacy("v0.9"))
    let tokens = [TokenID](0..<32)
    let hashes: [UInt64] = [101, .max]
    #expect(decoded.timestamp == 1_700_000_000.25 && decoded.rank == nil)
    #expect(
      decoded.events == [
        .init(kind: .stored, hashes: hashes, tokens: tokens, blockSize: 16),
        .init(
          kind: .stored, hashes: hashes, parent: 55, tokens: tokens, blockSize: 16, loraID: 1),
        .init(kind: .removed, hashes: [101]), .init(kind: .cleared),
      ])
  }

  /// What `legacy_synthetic` says in the fields that `generation` has.
  private static func legacyBatch(of generation: WireGeneration, bytes: Bool) -> EngineBatch {
    func hash(_ number: UInt64) -> EngineBlockHash {
      guard bytes else { return .integer(number) }
      return .bytes(
        [UInt8](repeating: 0, count: 24)
          + (0..<8).reversed().map { UInt8(number >> ($0 * 8) & 0xff) })
    }
    let age = WireGeneration.allCases.firstIndex(of: generation) ?? 0
    func since<Value>(_ first: WireGeneration, _ value: Value) -> Value? {
      age >= WireGeneration.allCases.firstIndex(of: first) ?? 0 ? value : nil
    }
    var plain = StoredBlocks(
      hashes: [hash(101), hash(.max)], parent: nil, tokens: [TokenID](0..<32), blockSize: 16)
    plain.medium = since(.v011, "GPU")
    plain.group = since(.v023, 0)
    plain.specKind = since(.v023, "full_attention")
    var adapted = plain
    adapted.parent = hash(55)
    adapted.loraID = 1
    adapted.loraName = since(.loraName, "sql")
    adapted.extraKeys = since(.extraKeys, [[.text("sql"), .text("alice")], [.text("sql")]])
    var removed = RemovedBlocks(hashes: [hash(101)])
    removed.medium = since(.v011, "GPU")
    removed.group = since(.v023, 0)
    return EngineBatch(
      timestamp: 1_700_000_000.25,
      events: [.stored(plain), .stored(adapted), .removed(removed), .cleared],
      dataParallelRank: since(.v010, 0))
  }
}

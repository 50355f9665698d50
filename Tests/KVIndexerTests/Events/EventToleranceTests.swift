import KVIndexer
import Simulation
import Testing

/// What the decoder accepts beyond what engines send today, and what it leaves out alone.
@Suite struct EventToleranceTests {
  private static let stored: MsgpackValue = [
    "type": "BlockStored", "block_hashes": [1], "token_ids": [7, 8], "block_size": 2,
  ]

  /// Decodes a batch of `events` and returns it with what was counted.
  private func decode(
    _ events: MsgpackValue...
  ) throws -> (events: [DecodedBatch.Event], skipped: Int, counters: EventDecodingCounters) {
    var decoder = EventDecoder(seed: 3)
    var batch = EventBatch()
    try decoder.decode(MsgpackValue.array([1, .array(events), 0]).bytes, into: &batch)
    return (DecodedBatch(batch).events, batch.skippedEvents, decoder.counters)
  }

  @Test func theTagMayComeAfterTheFields() throws {
    let result = try decode([
      "block_size": 2, "lora_name": "sql", "token_ids": [7, 8], "block_hashes": [1],
      "type": "BlockStored",
    ])
    #expect(
      result.events == [
        .init(kind: .stored, hashes: [1], tokens: [7, 8], blockSize: 2, loraName: "sql")
      ])
  }

  @Test func theLastOfDuplicateKeysCounts() throws {
    let result = try decode([
      "type": "BlockRemoved", "block_hashes": [1, 2], "token_ids": [1], "medium": "cpu",
      "token_ids": [7, 8], "block_hashes": [3], "block_size": 9, "block_size": 2,
      "extra_keys": [["a"]], "extra_keys": nil, "medium": nil, "type": "BlockStored",
    ])
    #expect(
      result.events == [.init(kind: .stored, hashes: [3], tokens: [7, 8], blockSize: 2)])
  }

  @Test func unknownFieldsAndElementsAreCounted() throws {
    let result = try decode(
      ["type": "AllBlocksCleared", "why": ["reset": true], "ownership": "tier-1"],
      ["BlockRemoved", [1], "GPU", 0, "LOCAL", [nil]],
      ["BlockStored", [1], nil, [7, 8], 2, nil, "GPU", nil, nil, 0, nil, nil, "new"],
      ["AllBlocksCleared", 1.5])
    #expect(result.events.map(\.kind) == [.cleared, .removed, .stored, .cleared])
    #expect(result.counters.unknownFields == 1 && result.counters.extraElements == 4)
    #expect(result.skipped == 0)
  }

  @Test func arraysMayEndAfterTheMandatoryFields() throws {
    let result = try decode(["BlockStored", [1], nil, [7, 8], 2], ["BlockRemoved", [1]])
    #expect(result.events.map(\.kind) == [.stored, .removed] && result.skipped == 0)
    #expect(try decode(["BlockStored", [1], nil, [7, 8]]).counters[.missingField] == 1)
    #expect(try decode(["BlockRemoved"]).counters[.missingField] == 1)
  }

  @Test func anUnknownTagIsNoDoubtAboutTheSource() throws {
    let result = try decode(
      ["type": "BlockPinned", "token_ids": "none"], ["block_size": nil, "type": "BlockPinned"],
      ["BlockPinned", 1], Self.stored, ["token_ids": 5, "type": "BlockPinned"])
    #expect(result.events.count == 1 && result.skipped == 0)
    #expect(result.counters.unknownTags == 4 && result.counters.skipped == 0)
  }

  @Test(
    arguments: [
      (["type": "BlockStored", "block_hashes": [1.5], "token_ids": [], "block_size": 0], .badHash),
      (["type": "BlockStored", "block_hashes": 1, "token_ids": [], "block_size": 0], .badHash),
      (["type": "BlockRemoved", "block_hashes": [[1]]], .badHash),
      (["type": "BlockStored", "block_hashes": [1], "parent_block_hash": true], .badHash),
      (["type": "BlockStored", "block_hashes": [1], "token_ids": [-1]], .badToken),
      (["type": "BlockStored", "block_hashes": [1], "token_ids": [4_294_967_296]], .badToken),
      (["type": "BlockStored", "block_hashes": [1], "token_ids": [1, "2"]], .badToken),
      (["type": "BlockStored", "block_size": -16], .badNumber),
      (["type": "BlockStored", "block_size": nil], .badNumber),
      (["type": "BlockStored", "group_idx": "0"], .badNumber),
      (["type": "BlockStored", "lora_id": .positive(.max)], .badNumber),
      (["type": "BlockRemoved", "medium": 1], .badText),
      (["type": "BlockStored", "lora_name": .raw([0xa2, 0xc3, 0x28])], .badText),
      (["type": "BlockStored", "locality": [1]], .badText),
      (["type": "BlockRemoved", "medium": "GPU"], .missingField),
      (["type": "BlockStored", "block_hashes": [1], "token_ids": [1]], .missingField),
      (["block_hashes": [1]], .missingField), ([:], .missingField),
      (["type": 1, "block_hashes": [1]], .wrongShape), ([], .wrongShape), ([5], .wrongShape),
      (7, .wrongShape), (["type": "BlockRemoved", 5: 6], .wrongShape),
    ] as [(MsgpackValue, EventSkipCause)])
  func anEventThatIsNotUnderstoodIsLeftOutAlone(
    event: MsgpackValue, cause: EventSkipCause
  ) throws {
    let result = try decode(Self.stored, event, Self.stored)
    let whole = DecodedBatch.Event(kind: .stored, hashes: [1], tokens: [7, 8], blockSize: 2)
    #expect(result.events == [whole, whole])
    #expect(result.counters[cause] == 1 && result.counters.skipped == 1 && result.skipped == 1)
    #expect(result.counters.stored == 2)
  }

  @Test func integersOfEveryWidthAreTokensAndHashes() throws {
    let widths: [[UInt8]] = [
      [5], [0xcc, 5], [0xcd, 0, 5], [0xce, 0, 0, 0, 5], [0xcf, 0, 0, 0, 0, 0, 0, 0, 5],
      [0xd0, 5], [0xd1, 0, 5], [0xd2, 0, 0, 0, 5], [0xd3, 0, 0, 0, 0, 0, 0, 0, 5],
    ]
    let run = MsgpackValue.array(
      (widths + [[0x7f], [0xce, 0xff, 0xff, 0xff, 0xff]]).map { .raw($0) })
    let result = try decode([
      "type": "BlockStored", "block_hashes": run, "token_ids": run,
      "block_size": .raw([0xd1, 0, 16]), "lora_id": -7,
    ])
    let values = [TokenID](repeating: 5, count: 9) + [127, .max]
    #expect(
      result.events == [
        .init(
          kind: .stored, hashes: values.map(UInt64.init), tokens: values, blockSize: 16,
          loraID: -7)
      ])
  }

  @Test func aNegativeHashIsItsUnsignedTwin() throws {
    let hashes = MsgpackValue.array([-1, .positive(.max), .raw([0xff]), .raw([0xd0, 0x80])])
    let result = try decode(["BlockRemoved", hashes], ["BlockRemoved", [.negative(.min)]])
    #expect(result.events.first?.hashes == [UInt64.max, .max, .max, .max - 127])
    #expect(result.events.last?.hashes == [1 << 63])
  }

  @Test func bytesAndTextAreReducedUnderTheSeed() throws {
    let digest = [UInt8](0..<32)
    let text = String(decoding: digest, as: UTF8.self)
    let bytes = MsgpackValue.array([
      1, [["BlockRemoved", [.binary(digest), .raw([0xd9, 32] + text.utf8), .binary([])]]],
    ]).bytes
    var one = EventDecoder(seed: 0)
    var other = EventDecoder(seed: 1)
    let hashes = try #require(one.decoded(bytes).events.first).hashes
    // XXH3_64bits of the bytes 0 to 31, and of nothing, from the reference implementation.
    #expect(hashes == [0x3523_581f_e96e_4c05, 0x3523_581f_e96e_4c05, 0x2d06_8005_38d3_94c2])
    #expect(try #require(other.decoded(bytes).events.first).hashes != hashes)
  }

  @Test func countsThatDoNotFitArePassedOn() throws {
    let result = try decode(
      ["type": "BlockStored", "block_hashes": [9], "token_ids": [], "block_size": 0],
      ["type": "BlockStored", "block_hashes": [], "token_ids": [1, 2, 3], "block_size": 2],
      ["type": "BlockRemoved", "block_hashes": []])
    #expect(result.events.map(\.hashes) == [[9], [], []])
    #expect(result.events.map(\.tokens) == [[], [1, 2, 3], []] && result.skipped == 0)
  }

  @Test(
    arguments: [
      ("GPU", .gpu), ("gpu", .gpu), (nil, .gpu), ("CPU", .cpu), ("Host", .cpu),
      ("cpu_PINNED", .cpu),
      ("DISK", .disk), ("STORAGE", .disk), ("nvme", .disk), ("SSD", .disk), ("remote", .remote),
      ("External", .remote), ("Mooncake", .remote),
    ] as [(String?, Tier)])
  func mediaHaveTiers(name: String?, tier: Tier) throws {
    let medium = name.map { MsgpackValue.text($0) } ?? nil
    let result = try decode(
      ["BlockRemoved", [1], medium],
      ["type": "BlockRemoved", "locality": "REMOTE", "block_hashes": [1], "medium": medium],
      ["type": "BlockRemoved", "medium": medium, "block_hashes": [1], "locality": "LOCAL"])
    let elsewhere: Tier = tier == .gpu ? .gpu : .remote
    #expect(result.events.map(\.medium) == [.tier(tier), .tier(elsewhere), .tier(tier)])
    #expect(result.counters.unknownMedia == 0)
  }

  @Test(arguments: ["tape", "", "GPU0", "cpu_pinne"])
  func anUnknownMediumIsCounted(name: String) throws {
    let result = try decode(["BlockRemoved", [1], .text(name)])
    #expect(result.events.map(\.medium) == [.unknown] && result.counters.unknownMedia == 1)
  }

  @Test(
    arguments: [
      ("full_attention", .full), ("mla_attention", .full), ("sink_full_attention", .full),
      ("sliding_window", .slidingWindow), ("sliding_window_mla", .slidingWindow),
      ("mamba", .stateSpace), ("chunked_local_attention", .unknown), ("", .unknown),
    ] as [(String, CacheSpec.Kind)])
  func cacheKindsHaveRules(name: String, kind: CacheSpec.Kind) throws {
    let result = try decode([
      "type": "BlockStored", "block_hashes": [1], "token_ids": [7, 8], "block_size": 2,
      "kv_cache_spec_kind": .text(name), "kv_cache_spec_sliding_window": 64,
    ])
    #expect(
      result.events.first?.spec == CacheSpec(kind: kind, window: kind == .slidingWindow ? 64 : nil))
  }
}

import KVIndexer
import Testing

/// Requests and events must agree on the digest of a block's extra keys, whatever the encoding.
@Suite struct ExtraKeyTests {
  private let seed: UInt64 = 5

  private func eventDigests(
    _ keys: MsgpackValue, lora: MsgpackValue = nil, loraComesLast: Bool = false
  ) throws -> [UInt64] {
    var decoder = EventDecoder(seed: seed)
    let fields: [MsgpackValue] = [
      "type", "BlockStored", "block_hashes", [1, 2], "token_ids", [], "block_size", 0,
    ]
    let pair: [MsgpackValue] =
      loraComesLast
      ? ["extra_keys", keys, "lora_name", lora] : ["lora_name", lora, "extra_keys", keys]
    let decoded = try decoder.decoded(MsgpackValue.array([1, [.map(fields + pair)]]).bytes)
    return try #require(decoded.events.first).extraDigests
  }

  private func requestDigest(_ add: (inout ExtraKeyHasher) -> Void) -> UInt64 {
    var hasher = ExtraKeyHasher(seed: seed)
    add(&hasher)
    return hasher.digest()
  }

  @Test func aSaltDigestsAlikeInEventAndRequest() throws {
    let digest = requestDigest { $0.add("alice") }
    #expect(digest != 0)
    #expect(try eventDigests([["alice"], nil]) == [digest, 0])
    #expect(try eventDigests([[.raw([0xd9, 5] + "alice".utf8)], []]) == [digest, 0])
  }

  @Test func imagesAndSaltsDigestAlikeInEventAndRequest() throws {
    let digest = requestDigest { hasher in
      hasher.add(multimodal: "image-1", offset: -12)
      hasher.add(multimodal: "image-2", offset: 300)
      hasher.add("alice")
      [UInt8](0..<32).withUnsafeBytes { hasher.add(bytes: $0) }
    }
    let embeddings = MsgpackValue.binary([UInt8](0..<32))
    for (low, high) in [
      (MsgpackValue.raw([0xf4]), MsgpackValue.raw([0xcd, 0x01, 0x2c])),
      (.raw([0xd0, 0xf4]), .raw([0xd1, 0x01, 0x2c])), (-12, 300),
    ] {
      let keys: MsgpackValue = [[["image-1", low], ["image-2", high], "alice", embeddings]]
      #expect(try eventDigests(keys) == [digest])
    }
  }

  @Test(arguments: [false, true])
  func theAdapterIsNoExtraKey(loraComesLast: Bool) throws {
    let digest = requestDigest { $0.add("alice") }
    let keys: MsgpackValue = [["sql", "alice"], ["sql"], ["alice"]]
    #expect(
      try eventDigests(keys, lora: "sql", loraComesLast: loraComesLast) == [digest, 0, digest])
  }

  @Test func aSaltThatEqualsTheAdapterIsKept() throws {
    let digest = requestDigest { $0.add("sql") }
    #expect(try eventDigests([["sql", "sql"], ["sql"]], lora: "sql") == [digest, 0])
    #expect(try eventDigests([["sql"]]) == [digest])
  }

  @Test func orderKindAndNestingMatter() {
    let digests = [
      requestDigest {
        $0.add("a")
        $0.add("b")
      },
      requestDigest {
        $0.add("b")
        $0.add("a")
      },
      requestDigest { $0.add("ab") }, requestDigest { $0.add("a") }, requestDigest { $0.add("") },
      requestDigest { hasher in Array("a".utf8).withUnsafeBytes { hasher.add(bytes: $0) } },
      requestDigest { $0.add(multimodal: "a", offset: 0) },
      requestDigest { $0.add(multimodal: "a", offset: 1) }, requestDigest { _ in },
    ]
    #expect(Set(digests).count == digests.count)
    #expect(digests.last == 0)
  }

  @Test func aDigestIsKeyedByItsSeed() {
    var other = ExtraKeyHasher(seed: 6)
    other.add("alice")
    #expect(other.digest() != requestDigest { $0.add("alice") })
  }

  @Test func anEventWithoutExtraKeysHasNoDigests() throws {
    #expect(try eventDigests(nil) == [])
    #expect(try eventDigests([]) == [])
  }

  @Test(
    arguments: [5, "alice", [5], ["alice"], [[nil]], [[1.5]], [[[[[[1]]]]]], [["a": 1]]]
      as [MsgpackValue])
  func extraKeysOfAnotherShapeSpoilTheirEventAlone(keys: MsgpackValue) throws {
    var decoder = EventDecoder(seed: seed)
    let event: MsgpackValue = [
      "type": "BlockStored", "block_hashes": [1], "token_ids": [], "block_size": 0,
      "extra_keys": keys,
    ]
    let decoded = try decoder.decoded(
      MsgpackValue.array([1, [event, ["AllBlocksCleared"]]]).bytes)
    #expect(decoded.events == [.init(kind: .cleared)])
    #expect(decoder.counters[.badExtraKeys] == 1)
  }
}

import KVIndexer
import Simulation
import Testing

/// Equal tokens whose KV differs: adapters, salts, images and models never share a match.
@Suite struct NamespaceTests {
  @Test func `an adapter's blocks match requests for that adapter only`() throws {
    let harness = FleetHarness()
    try harness.apply(
      [
        .stored(tokens(40)) {
          $0.loraName = "sql"
          $0.loraID = 1
        }
      ], from: harness.add())
    #expect(harness.matched(tokens(41), lora: "sql") == 40)
    #expect(harness.matched(tokens(41)) == 0)
    #expect(harness.matched(tokens(41), lora: "other") == 0)
  }

  @Test func `an adapter that is among the extra keys too is not counted twice`() throws {
    let harness = FleetHarness()
    try harness.apply(
      [
        .stored(tokens(12)) {
          $0.loraName = "sql"
          $0.extraKeys = [[.text("sql"), .text("alice")], [.text("sql")], [.text("sql")]]
        }
      ], from: harness.add())
    let salt = harness.digest { $0.add("alice") }
    #expect(harness.matched(tokens(13), lora: "sql", extra: [salt]) == 12)
    #expect(harness.matched(tokens(13), lora: "sql") == 0)
    #expect(harness.matched(tokens(13), extra: [salt]) == 0)
  }

  @Test func `an adapter known by its number only has a namespace of its own`() throws {
    let harness = FleetHarness()
    try harness.apply([.stored(tokens(40)) { $0.loraID = 7 }], from: harness.add())
    #expect(harness.matched(tokens(41)) == 0)
    #expect(harness.matched(tokens(41), lora: "7") == 0)
    #expect(harness.matched(tokens(41), lora: "lora_id:7") == 40)
  }

  @Test func `decoded blocks continue their parent, whatever adapter they name`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(tokens(8)) { $0.loraName = "sql" }], from: source)
    try harness.apply([.stored(tokens(12), blocks: 2..<3)], from: source)
    #expect(harness.matched(tokens(13), lora: "sql") == 12)
  }

  @Test func `a salt of the first block sets all the blocks after it apart`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply(
      [
        .stored(tokens(12)) { $0.extraKeys = [[.text("alice")], nil, nil] },
        .stored(tokens(8), secret: 1) { $0.extraKeys = [[.text("bob")], nil] },
        .stored(tokens(4), secret: 2),
      ], from: source)
    #expect(harness.matched(tokens(13), extra: [harness.digest { $0.add("alice") }]) == 12)
    #expect(harness.matched(tokens(13), extra: [harness.digest { $0.add("bob") }]) == 8)
    #expect(harness.matched(tokens(13), extra: [harness.digest { $0.add("eve") }]) == 0)
    #expect(harness.matched(tokens(13)) == 4)
  }

  @Test func `an image counts in the blocks that it overlaps, by its hash and offset`() throws {
    let harness = FleetHarness()
    let image: [ExtraKey] = [.text("image"), .integer(2)]
    let rest: [ExtraKey] = [.text("image"), .integer(-2)]
    try harness.apply(
      [.stored(tokens(16)) { $0.extraKeys = [nil, [.list(image)], [.list(rest)], nil] }],
      from: harness.add())
    func digests(_ name: String, _ offsets: [Int]) -> [UInt64] {
      [0] + offsets.map { offset in harness.digest { $0.add(multimodal: name, offset: offset) } }
    }
    #expect(harness.matched(tokens(17), extra: digests("image", [2, -2])) == 16)
    #expect(harness.matched(tokens(17), extra: digests("image", [2])) == 8)
    #expect(harness.matched(tokens(17), extra: digests("image", [3, -1])) == 4)
    #expect(harness.matched(tokens(17), extra: digests("other", [2, -2])) == 4)
    #expect(harness.matched(tokens(17)) == 4)
  }

  @Test func `two models in one fleet never match across`() throws {
    let harness = FleetHarness()
    try harness.apply([.stored(tokens(40))], from: harness.add("a", model: "small"))
    try harness.apply([.stored(tokens(20))], from: harness.add("b", model: "large"))
    #expect(harness.matches(tokens(41), model: "small").map(\.endpoint) == ["a"])
    #expect(harness.matched(tokens(41), on: "a", model: "small") == 40)
    #expect(harness.matches(tokens(41), model: "large").map(\.endpoint) == ["b"])
    #expect(harness.matched(tokens(41), on: "b", model: "large") == 20)
    #expect(harness.matches(tokens(41), model: "none").isEmpty)
    #expect(harness.serves(model: "large") && !harness.serves(model: "none"))
  }

  @Test func `engines that hash alike for different models do not confuse each other`() throws {
    let harness = FleetHarness()
    let small = harness.add("a", model: "small")
    let large = harness.add("b", model: "large")
    for source in [small, large] { try harness.apply([.stored(tokens(40))], from: source) }
    try harness.apply([.removed(tokens(40), blocks: 5..<10)], from: small)
    #expect(harness.matched(tokens(41), on: "a", model: "small") == 20)
    #expect(harness.matched(tokens(41), on: "b", model: "large") == 40)
    try harness.apply([.cleared], from: large)
    #expect(harness.matched(tokens(41), on: "a", model: "small") == 20)
    #expect(harness.matched(tokens(41), on: "b", model: "large") == 0)
  }

  @Test func `an endpoint without a configured model serves whatever it is asked for`() throws {
    let harness = FleetHarness()
    try harness.apply([.stored(tokens(40))], from: harness.add("a", model: ""))
    #expect(harness.matched(tokens(41), model: "any") == 40)
    #expect(harness.matched(tokens(41), model: "") == 40)
  }

  @Test func `one hash for two contents on two engines names each engine's own block`() throws {
    let harness = FleetHarness()
    let (first, second) = (harness.add("a"), harness.add("b"))
    let clash = EngineBlockHash.integer(99)
    try harness.apply([.stored(tokens(4)) { $0.hashes = [clash] }], from: first)
    try harness.apply([.stored(tokens(4, prompt: 1)) { $0.hashes = [clash] }], from: second)
    #expect(harness.matched(tokens(5), on: "a") == 4)
    #expect(harness.matched(tokens(5), on: "b") == 0)
    #expect(harness.matched(tokens(5, prompt: 1), on: "b") == 4)
    try harness.apply([.removed(RemovedBlocks(hashes: [clash]))], from: second)
    #expect(harness.matched(tokens(5), on: "a") == 4)
    #expect(harness.matched(tokens(5, prompt: 1), on: "b") == 0)
  }
}

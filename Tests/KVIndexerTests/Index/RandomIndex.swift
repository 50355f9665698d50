import Simulation

@testable import KVIndexer

/// A prefix index under a random stream, and sets of keys that hold what it should.
///
/// Two lanes in turn belong to one endpoint.
struct RandomIndex: ~Copyable {
  var index = PrefixIndex(byteBudget: 8 << 20)
  private var random: SplitMix64
  let lanes: [LaneID]
  private var scopes: [HashScope]
  /// By lane.
  private(set) var held: [Set<UInt64>]
  /// The namespace of each key that was ever stored.
  private(set) var namespaces: [UInt64: NamespaceID] = [:]
  private var prompts: [[Int]] = []

  init(seed: UInt64, laneCount: Int) {
    random = SplitMix64(seed: seed)
    lanes = (0..<laneCount).map { LaneID($0) }
    scopes = lanes.map { _ in HashScope(duplicates: .once) }
    held = lanes.map { _ in [] }
    for _ in lanes { _ = index.addLane() }
    for _ in 0..<8 { prompts.append(randomPrompt()) }
  }

  var roles: LaneRoles {
    LaneRoles(
      lanes.map {
        LaneRole(
          endpoint: Int32($0.index / 2), source: SourceID($0.index),
          tier: $0.index % 2 == 0 ? .gpu : .cpu, isMain: true)
      })
  }

  private mutating func randomPrompt() -> [Int] {
    (0..<random.inside(1...90)).map { _ in random.below(2) }
  }

  /// Stores a prompt, or removes some blocks, on a random lane.
  mutating func step() {
    let lane = random.below(lanes.count)
    if random.below(100) < 45 {
      let number = random.below(prompts.count)
      if random.below(3) == 0 {
        prompts[number] = Array(prompts[number].prefix(random.below(60))) + randomPrompt()
      }
      store(prompts[number], lane)
    } else {
      for key in held[lane].sorted().prefix(40) where random.below(3) == 0 {
        index.remove(lanes[lane], scope: &scopes[lane], hash: EngineHash(key))
        held[lane].remove(key)
      }
    }
  }

  private mutating func store(_ prompt: [Int], _ lane: Int) {
    let keys = PrefixIndexTests.chain(prompt)
    let namespace = NamespaceID(UInt16(prompt.first ?? 0) + 1)
    index.store(
      lanes[lane], scope: &scopes[lane], parent: .root(BlockKey(0x1234), in: namespace), keys: keys,
      hashes: keys.map { EngineHash($0) }, count: keys.count)
    held[lane].formUnion(keys)
    for key in keys { namespaces[key] = namespace }
  }

  /// Blocks of a lane that lanes of other endpoints hold too.
  func shared(_ lane: Int, in namespace: NamespaceID? = nil) -> Int {
    held[lane].count { key in
      isIn(namespace, key)
        && held.indices.contains { $0 / 2 != lane / 2 && held[$0].contains(key) }
    }
  }

  func blocks(_ lane: Int, in namespace: NamespaceID? = nil) -> Int {
    held[lane].count { isIn(namespace, $0) }
  }

  func distinctBlocks(in namespace: NamespaceID) -> Int {
    held.reduce(into: Set()) { $0.formUnion($1) }.count { isIn(namespace, $0) }
  }

  private func isIn(_ namespace: NamespaceID?, _ key: UInt64) -> Bool {
    namespace == nil || namespaces[key] == namespace
  }
}

import KVIndexer
import Simulation

/// Random batches, by seed.
struct EventRandom: RandomNumberGenerator {
  private var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  mutating func next() -> UInt64 { random.next() }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

  /// A value nine times out of ten.
  mutating func usually<Value>(_ value: (inout Self) -> Value) -> Value? {
    chance(10) ? nil : value(&self)
  }

  /// A number of any width, small ones as often as large ones.
  mutating func number() -> UInt64 { next() >> UInt64(below(64)) }

  mutating func text(_ lengthMax: Int = 40) -> String {
    String((0..<below(lengthMax)).map { _ in "abcü日".randomElement(using: &self) ?? "a" })
  }

  mutating func bytes(_ lengthMax: Int = 40) -> [UInt8] {
    (0..<below(lengthMax)).map { _ in UInt8(truncatingIfNeeded: next()) }
  }

  mutating func hash() -> EngineBlockHash { chance(30) ? .bytes(bytes()) : .integer(number()) }

  mutating func medium() -> String {
    ["GPU", "gpu", "CPU", "Host", "STORAGE", "nvme", "mooncake", "tape"].randomElement(using: &self)
      ?? "GPU"
  }

  mutating func extraKeys(blocks: Int, loraName: String?) -> [[ExtraKey]?] {
    (0..<blocks).map { _ in
      guard chance(70) else { return nil }
      var keys = loraName.map { [ExtraKey.text($0)] } ?? []
      if chance(30) { keys.append(.list([.text(text()), .integer(Int64(below(500)) - 250)])) }
      if chance(30) { keys.append(.text(text())) }
      if chance(30) { keys.append(.bytes(bytes())) }
      return keys
    }
  }

  mutating func event() -> EngineEvent {
    switch below(10) {
    case 0: return .cleared
    case 1...3:
      var blocks = RemovedBlocks(hashes: (0..<below(4)).map { _ in hash() })
      blocks.medium = usually { $0.medium() }
      blocks.group = usually { $0.below(300) }
      blocks.locality = chance(30) ? "REMOTE" : nil
      blocks.ownership = chance(30) ? text() : nil
      return .removed(blocks)
    default:
      let count = below(20)
      var blocks = StoredBlocks(
        hashes: (0..<count).map { _ in hash() }, parent: usually { $0.hash() },
        tokens: (0..<below(400)).map { _ in TokenID(truncatingIfNeeded: number()) },
        blockSize: below(1 << (1 + below(20))))
      blocks.loraID = usually { $0.below(100_000) - 50_000 }
      blocks.medium = usually { $0.medium() }
      blocks.loraName = usually { $0.text() }
      blocks.extraKeys = usually { $0.extraKeys(blocks: count, loraName: blocks.loraName) }
      blocks.group = usually { $0.below(300) }
      blocks.specKind = usually { random in
        ["full_attention", "mla_attention", "sliding_window", "mamba", "cross_attention"]
          .randomElement(using: &random) ?? ""
      }
      blocks.slidingWindow = chance(50) ? below(100_000) : nil
      blocks.locality = chance(30) ? "REMOTE" : nil
      blocks.ownership = chance(30) ? text() : nil
      blocks.sessionID = chance(30) ? text() : nil
      return .stored(blocks)
    }
  }

  mutating func batch() -> EngineBatch {
    EngineBatch(
      timestamp: Double(number()) / 1000, events: (0..<below(6)).map { _ in event() },
      dataParallelRank: usually { $0.below(64) })
  }
}

extension EngineBatch {
  /// The batch without the fields that `generation` has no place for.
  func known(to generation: WireGeneration) -> EngineBatch {
    var batch = self
    let all = WireGeneration.allCases
    func age(_ generation: WireGeneration) -> Int {
      all.firstIndex(of: generation == .draftMap ? .v024 : generation) ?? 0
    }
    func isKnown(since first: WireGeneration) -> Bool { age(generation) >= age(first) }
    if !isKnown(since: .v010) { batch.dataParallelRank = nil }
    for index in batch.events.indices {
      switch batch.events[index] {
      case .cleared: continue
      case .removed(var blocks):
        if !isKnown(since: .v011) { blocks.medium = nil }
        if !isKnown(since: .v023) { blocks.group = nil }
        if !isKnown(since: .v032) { (blocks.locality, blocks.ownership) = (nil, nil) }
        batch.events[index] = .removed(blocks)
      case .stored(var blocks):
        if !isKnown(since: .v011) { blocks.medium = nil }
        if !isKnown(since: .loraName) { blocks.loraName = nil }
        if !isKnown(since: .extraKeys) { blocks.extraKeys = nil }
        if !isKnown(since: .v023) {
          (blocks.group, blocks.specKind, blocks.slidingWindow) = (nil, nil, nil)
        }
        if !isKnown(since: .v032) { blocks.locality = nil }
        batch.events[index] = .stored(blocks)
      }
    }
    return batch
  }
}

import KVIndexer
import Simulation

/// A deterministic prefix forest: what lanes store, as runs of chains of block keys.
///
/// Groups share a system prompt of `depth / 8` blocks on many lanes; below each, sessions of
/// `depth` blocks sit on 1, 2 or 4 lanes (80, 15, 5 %). With `isBranching` a session continues an
/// earlier one from a random place instead of the system prompt, so that runs split anywhere.
struct Forest {
  struct Shape {
    var lanes = 64
    /// Blocks of a whole prompt.
    var depth = 512
    /// Residencies to reach.
    var residencies = 1_000_000
    /// Lanes that hold each session; nil: 1, 2 or 4.
    var holders: Int?
    /// Blocks a store event.
    var batch = 64
    var isBranching = false
    /// Whether sessions start with a system prompt of their group.
    var hasSystemPrompts = true
    var seed: UInt64 = 1

    var text: String {
      "\(lanes) lanes × \(depth) blocks, \(residencies) residencies"
        + (isBranching ? ", branchy" : "") + ", seed \(seed)"
    }
  }

  /// A whole prompt: block keys, chained, and the engine's names for them.
  struct Chain {
    var keys: [UInt64]
    var hashes: [EngineHash]
  }

  /// One store event.
  struct Store {
    var lane: Int
    var chain: Int
    var range: Range<Int>
  }

  let shape: Shape
  private(set) var chains: [Chain] = []
  private(set) var stores: [Store] = []
  private(set) var residencies = 0
  private(set) var uniqueBlocks = 0
  /// Chains of whole prompts; the system prompts come before them.
  private(set) var sessions: Range<Int> = 0..<0

  private static let groups = 8

  init(_ shape: Shape) {
    self.shape = shape
    var random = SplitMix64(seed: shape.seed &* 31 &+ UInt64(shape.lanes * 31 + shape.depth * 7))
    let systemLength = shape.hasSystemPrompts ? max(4, shape.depth / 8) : 0
    let systemHolders = max(
      1, min(shape.lanes, shape.residencies / 4 / Self.groups / max(systemLength, 1)))
    var held = Holdings(lanes: shape.lanes)
    for _ in 0..<Self.groups {
      let chain = append([], length: systemLength, &random)
      for lane in random.sample(systemHolders, of: shape.lanes) { store(chain, on: lane, &held) }
    }
    let first = chains.count
    var latest: [Int?] = Array(repeating: nil, count: Self.groups)
    while residencies < shape.residencies {
      let group = random.below(Self.groups)
      let draw = random.below(100)
      let holders = shape.holders ?? (draw < 80 ? 1 : draw < 95 ? 2 : 4)
      var prefix = chains[group].keys[...]
      if shape.isBranching, let parent = latest[group] {
        prefix = chains[parent].keys[..<random.inside(systemLength...shape.depth - 1)]
      }
      let chain = append(prefix, length: shape.depth, &random)
      latest[group] = chain
      for lane in random.sample(min(holders, shape.lanes), of: shape.lanes) {
        store(chain, on: lane, &held)
      }
    }
    sessions = first..<chains.count
  }

  /// Adds a chain that continues `prefix` with new blocks; returns its number.
  private mutating func append(
    _ prefix: ArraySlice<UInt64>, length: Int, _ random: inout SplitMix64
  ) -> Int {
    let keys = Self.continued(prefix, length: length, &random)
    chains.append(Chain(keys: keys, hashes: keys.map(Self.engineHash)))
    uniqueBlocks += length - prefix.count
    return chains.count - 1
  }

  /// Stores on `lane` what it does not hold of a chain yet.
  private mutating func store(_ chain: Int, on lane: Int, _ held: inout Holdings) {
    let keys = chains[chain].keys
    let start = held.leadingBlocks(of: keys, lane: lane)
    for lower in stride(from: start, to: keys.count, by: shape.batch) {
      let range = lower..<min(lower + shape.batch, keys.count)
      stores.append(Store(lane: lane, chain: chain, range: range))
    }
    held.insert(keys[start...], lane: lane)
    residencies += keys.count - start
  }

  /// `prefix` and random blocks after it.
  static func continued(
    _ prefix: ArraySlice<UInt64>, length: Int, _ random: inout SplitMix64
  ) -> [UInt64] {
    var keys = Array(prefix)
    keys.reserveCapacity(length)
    var parent = prefix.last ?? 0x1234_5678
    while keys.count < length {
      parent = BlockHasher.chain(parent, random.next())
      keys.append(parent)
    }
    return keys
  }

  /// What an engine calls a block: anything that differs from block to block.
  static func engineHash(_ key: UInt64) -> EngineHash { EngineHash(key &* 0xD6E8_FEB8_6659_FD93) }

  /// Prompts that the index knows to the end.
  func fullQueries(_ count: Int, _ random: inout SplitMix64) -> [[UInt64]] {
    (0..<count).map { _ in chains[random.inside(sessions.lowerBound...sessions.upperBound - 1)].keys
    }
  }

  /// Prompts that leave the known ones at a random block.
  func partialQueries(_ count: Int, _ random: inout SplitMix64) -> [[UInt64]] {
    fullQueries(count, &random).map { keys in
      let cut = random.inside(keys.count / 8...keys.count - 1)
      return Self.continued(keys[..<cut], length: keys.count, &random)
    }
  }
}

extension SplitMix64 {
  /// `count` different numbers below `bound`, in random order.
  mutating func sample(_ count: Int, of bound: Int) -> [Int] {
    var all = Array(0..<bound)
    for index in 0..<count { all.swapAt(index, index + below(bound - index)) }
    return Array(all[..<count])
  }
}

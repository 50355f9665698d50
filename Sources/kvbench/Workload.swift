import KVIndexer

/// A deterministic prefix forest of store events and queries: the shape that peers are measured on.
///
/// Groups share a system prompt of `depth / 8` blocks on many lanes; below each, sessions of
/// `depth` blocks sit on 1, 2 or 4 lanes (80, 15, 5 %). `branching` cuts sessions out of earlier
/// ones instead of the system prompt, so that runs split at random places.
struct Workload {
  struct Store {
    var lane: Int
    /// The chain that it is cut from, and the blocks of it.
    var chain: Int
    var range: Range<Int>
  }

  struct Query {
    var keys: [UInt64]
    /// Depth that each holder must have, by lane.
    var expected: [Int: Int]
  }

  var laneCount: Int
  var depth: Int
  /// Chained keys of each session's full prompt.
  var chains: [[UInt64]] = []
  var stores: [Store] = []
  var full: [Query] = []
  var partial: [Query] = []
  var residencies = 0
  var unique = 0

  /// Keys double as engine hashes, made different by one multiplication.
  static func engineHash(_ key: UInt64) -> EngineHash { EngineHash(key &* 0xD6E8_FEB8_6659_FD93) }

  struct Shape {
    var lanes: Int
    var depth: Int
    var residencies: Int
    var holders: Int?
    var batch = 64
    var branching = false
    var queries = 256
    var seed: UInt64 = 1
  }

  init(_ shape: Shape) {
    laneCount = shape.lanes
    depth = shape.depth
    var random = Random(seed: shape.seed &+ UInt64(shape.lanes * 31 + shape.depth * 7))
    let systemLength = max(4, depth / 8)
    let groups = 8
    let systemHolders = max(1, min(laneCount, shape.residencies / 4 / groups / systemLength))
    var holdings: [[Int: Int]] = []  // by chain: lane → blocks held
    let systems = (0..<groups).map { _ in Self.chain(&random, from: [], length: systemLength) }
    var systemHeld = (0..<groups).map { _ in
      Set(random.sample(systemHolders, of: laneCount))
    }
    for group in 0..<groups {
      chains.append(systems[group])
      holdings.append([:])
      unique += systemLength
      for lane in systemHeld[group].sorted() { emit(lane, group, 0..<systemLength, shape.batch) }
    }
    var sessions: [(chain: Int, group: Int, base: Int, lanes: [Int])] = []
    while residencies < shape.residencies {
      let group = random.below(groups)
      let count = random.below(100)
      let k = shape.holders ?? (count < 80 ? 1 : count < 95 ? 2 : 4)
      let lanes = random.sample(min(k, laneCount), of: laneCount)
      var prefix = systems[group]
      var base = -1
      if shape.branching, let parent = sessions.last(where: { $0.group == group }) {
        let cut = systemLength + random.below(depth - systemLength)
        prefix = Array(chains[parent.chain][..<cut])
        base = parent.chain
      }
      chains.append(Self.chain(&random, from: prefix, length: depth))
      unique += depth - prefix.count
      let chain = chains.count - 1
      for lane in lanes {
        if base >= 0 {
          emit(lane, chain, 0..<depth, shape.batch)
          systemHeld[group].insert(lane)
        } else {
          if systemHeld[group].insert(lane).inserted {
            emit(lane, group, 0..<systemLength, shape.batch)
          }
          emit(lane, chain, systemLength..<depth, shape.batch)
        }
      }
      sessions.append((chain, group, base, lanes))
    }
    makeQueries(sessions, systems: systems, systemHeld: systemHeld, shape, &random)
  }

  private mutating func makeQueries(
    _ sessions: [(chain: Int, group: Int, base: Int, lanes: [Int])], systems: [[UInt64]],
    systemHeld: [Set<Int>], _ shape: Shape, _ random: inout Random
  ) {
    for _ in 0..<shape.queries {
      let session = sessions[random.below(sessions.count)]
      let keys = chains[session.chain]
      var expected: [Int: Int] = [:]
      if !shape.branching {
        for lane in systemHeld[session.group] { expected[lane] = systems[session.group].count }
        for lane in session.lanes { expected[lane] = depth }
      }
      full.append(Query(keys: keys, expected: expected))
      let cut = systems[0].count + random.below(depth - systems[0].count)
      let tail = Self.chain(&random, from: Array(keys[..<cut]), length: depth)
      for lane in expected.keys where expected[lane] == depth { expected[lane] = cut }
      partial.append(Query(keys: tail, expected: expected))
    }
  }

  private mutating func emit(_ lane: Int, _ chain: Int, _ range: Range<Int>, _ batch: Int) {
    for start in stride(from: range.lowerBound, to: range.upperBound, by: batch) {
      let end = min(start + batch, range.upperBound)
      stores.append(Store(lane: lane, chain: chain, range: start..<end))
    }
    residencies += range.count
  }

  private static func chain(
    _ random: inout Random, from prefix: [UInt64], length: Int
  ) -> [UInt64] {
    var keys = prefix
    keys.reserveCapacity(length)
    var parent = prefix.last ?? 0x1234_5678
    while keys.count < length {
      parent = BlockHasher.chain(parent, random.next())
      keys.append(parent)
    }
    return keys
  }
}

/// SplitMix64.
struct Random {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  mutating func sample(_ count: Int, of bound: Int) -> [Int] {
    var all = Array(0..<bound)
    for index in 0..<count { all.swapAt(index, index + below(bound - index)) }
    return Array(all[..<count])
  }
}

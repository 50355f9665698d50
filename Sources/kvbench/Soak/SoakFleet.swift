import KVIndexer
import Simulation

/// Sources that store and remove without an end, and an index that follows their messages.
struct SoakFleet: ~Copyable {
  private static let sources = 16
  private static let eventBlocksMax = 64
  private static let clearEvery = 2_000_000

  private(set) var loaded: LoadedFleet
  private(set) var stored = 0
  private(set) var removed = 0
  private(set) var undecoded = 0
  private var sources: [SoakSource]
  private var random: SplitMix64
  private var nextClear = Self.clearEvery
  private let encoder = EventEncoder(generation: .v032)

  /// Engines that together hold half as much again as fits into the index's budget.
  init(byteBudget: Int, seed: UInt64) {
    loaded = LoadedFleet(endpoints: Self.sources, byteBudget: byteBudget)
    let capacity = byteBudget / 26 * 3 / 2 / Self.sources
    sources = (0..<Self.sources).map { _ in SoakSource(capacity: capacity) }
    random = SplitMix64(seed: seed)
  }

  /// One engine stores a turn of a session, and makes room for it.
  mutating func step() {
    let number = random.below(Self.sources)
    if stored > nextClear {
      nextClear += Self.clearEvery
      sources[number].clear()
      send(encoder.encode(EngineBatch(timestamp: 1, events: [.cleared])), number)
    }
    var turn = random.inside(8...128)
    let chain = chain(number)
    while turn > 0 {
      // A prompt in large events, what is generated block by block.
      let count = turn > 12 ? min(turn - 12, Self.eventBlocksMax) : 1
      store(chain, count, number)
      turn -= count
    }
    while let evicted = sources[number].evict() {
      let hashes = evicted.blocks.map { Forest.engineHash(Self.key(evicted.chain, $0)) }
      send(EngineMessages.removed(hashes.reversed()), number)
      removed += hashes.count
    }
  }

  /// A session of its own, its own once more, or one that another engine serves, too.
  private mutating func chain(_ number: Int) -> UInt64 {
    let known: UInt64? =
      switch random.below(8) {
      case 0...2: sources[number].recent(&random)
      case 3...4: sources[random.below(Self.sources)].recent(&random)
      default: nil
      }
    guard let known, (sources[number].held[known]?.blocks ?? 0) < 1024 else { return random.next() }
    return known
  }

  private mutating func store(_ chain: UInt64, _ count: Int, _ number: Int) {
    let range = sources[number].grow(chain, by: count)
    let keys = (0..<range.upperBound).map { Self.key(chain, $0) }
    let blocks = Forest.Chain(keys: keys, hashes: keys.map(Forest.engineHash))
    send(EngineMessages.stored(blocks, range), number)
    stored += count
  }

  private mutating func send(_ message: [UInt8], _ number: Int) {
    if !loaded.take(message, source: number) { undecoded += 1 }
  }

  private static func key(_ chain: UInt64, _ block: Int) -> UInt64 {
    var random = SplitMix64(seed: chain &+ UInt64(block) &* 0xD6E8_FEB8_6659_FD93)
    return random.next()
  }

  /// Compares what the index says of some chains with what the engines hold.
  ///
  /// A source that is exact has to match to the block; one whose blocks were evicted never more
  /// than the engine holds.
  mutating func verify(chains: Int) -> (compared: Int, equal: Int, wrong: Int) {
    var result = (compared: 0, equal: 0, wrong: 0)
    var found = FleetMatches()
    for number in sources.indices {
      for (chain, held) in sources[number].held.prefix(chains / Self.sources) {
        let keys = (0..<held.blocks).map { Self.key(chain, $0) }
        let prompt = PromptKeys(
          tokens: EngineMessages.prompt(keys), lora: nil, extra: [],
          namespaces: loaded.fleet.namespaces(model: LoadedFleet.model),
          hasher: loaded.fleet.hasher)
        let matches = loaded.fleet.endpointMatches(
          prompt, model: LoadedFleet.model, matches: &found)
        for (other, match) in matches.enumerated() {
          let blocks = (match.best?.matchedTokens ?? 0) / EngineMessages.blockSize
          let truth = min(sources[other].held[chain]?.blocks ?? 0, held.blocks)
          let isExact = match.best?.trust == .exact
          result.compared += 1
          if blocks == truth { result.equal += 1 }
          if isExact ? blocks != truth : blocks > truth { result.wrong += 1 }
        }
      }
    }
    return result
  }
}

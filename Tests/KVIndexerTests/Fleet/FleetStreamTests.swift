import KVIndexer
import Simulation
import Testing

/// Random engines: stores, removals, clears, copies, holes, orphans, tiers and restarts.
@Suite("The fleet index against a dictionary reference")
struct FleetStreamTests {
  @Test("gives the same matches on random streams", arguments: TestSeeds.upTo(200))
  func randomStreams(seed: UInt64) throws {
    var stream = try RandomStream(seed: seed)
    while stream.operations < 10_000 {
      try stream.step()
      stream.compare()
    }
    stream.checkTrust()
  }
}

/// A random stream and both indexes that follow it.
private struct RandomStream: ~Copyable {
  private static let blockSize = 4
  private var random: SplitMix64
  private var fleet: FleetIndex
  private var sources: [SourceID] = []
  private var references: [ReferenceIndex] = []
  private var incarnations: [UInt32] = []
  private var prompts: [[TokenID]] = []
  private var batch = EventBatch()
  private var found = FleetMatches()
  private var decoder: EventDecoder
  private let encoder = EventEncoder(generation: .v032)
  private(set) var operations = 0

  init(seed: UInt64) throws {
    random = SplitMix64(seed: seed)
    let hasher = BlockHasher(sharedKey: "seed \(seed)")
    decoder = EventDecoder(seed: hasher.seed)
    fleet = FleetIndex(hasher: hasher, byteBudget: 64 << 20)
    for number in 0..<(seed % 3 == 0 ? 7 : 3) {
      let source = fleet.addSource(SourceConfiguration(endpoint: "e\(number)"))
      fleet.setStream(.live(.complete, replaying: false), of: source)
      fleet.beginIncarnation(Incarnation(1), of: source)
      sources.append(source)
      references.append(ReferenceIndex(blockSize: Self.blockSize))
      incarnations.append(1)
    }
    for _ in 0..<5 { prompts.append(randomTokens(blocks: 24)) }
  }

  private mutating func randomTokens(blocks: Int) -> [TokenID] {
    (0..<blocks).flatMap { _ in
      let kind = TokenID(random.below(3))
      return [kind, kind + 1, kind + 2, kind + 3]
    }
  }

  /// Half of the sources agree on hashes, as servers with vLLM's defaults do.
  private func hash(_ content: ReferenceIndex.Content, _ source: Int) -> UInt64 {
    var state: UInt64 = source % 2 == 0 ? 1 : UInt64(source)
    state = state &* 31 &+ (content.parent ?? 7)
    for token in content.tokens { state = state &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(token) }
    for byte in (content.salt ?? "").utf8 { state = state &* 257 &+ UInt64(byte) }
    return state ^ (state >> 29)
  }

  mutating func step() throws {
    let source = random.below(sources.count)
    var events: [EngineEvent] = []
    let count = 1 + random.below(40)
    operations += count
    for _ in 0..<count {
      switch random.below(1000) {
      case 0..<480: events.append(storeEvent(source))
      case 480..<997: removeEvent(source).map { events.append($0) }
      case 997..<999:
        references[source].clear()
        events.append(.cleared)
      default:
        try apply(events, source, incarnations[source])
        events = []
        restart(source)
      }
    }
    try apply(events, source, incarnations[source])
  }

  /// A new process: what the old one still had in flight must not count.
  private mutating func restart(_ source: Int) {
    references[source].clear()
    incarnations[source] += 1
    fleet.beginIncarnation(Incarnation(incarnations[source]), of: sources[source])
    let stale = fleet.status(of: sources[source])?.counters.fencedBatches ?? 0
    fleet.apply(batch, from: sources[source], incarnation: Incarnation(0), now: 0)
    #expect(fleet.status(of: sources[source])?.counters.fencedBatches == stale + 1)
  }

  private mutating func storeEvent(_ source: Int) -> EngineEvent {
    var prompt = prompts[random.below(prompts.count)]
    if random.below(4) == 0 {
      prompt = Array(prompt.prefix(Self.blockSize * random.below(20)))
      prompt += randomTokens(blocks: 1 + random.below(20))
      prompts[random.below(prompts.count)] = prompt
    }
    let salt = random.below(8) == 0 ? "alice" : nil
    let blocks = prompt.count / Self.blockSize
    // Mostly from the root; sometimes out of the middle, whether or not the parent is held.
    let start = random.below(3) == 0 ? random.below(blocks) : 0
    let end = min(blocks, start + 1 + random.below(12))
    var parent: UInt64?
    var hashes: [UInt64] = []
    for block in 0..<end {
      let tokens = Array(prompt[block * Self.blockSize..<(block + 1) * Self.blockSize])
      let content = ReferenceIndex.Content(
        parent: hashes.last, tokens: tokens, salt: block == 0 ? salt : nil)
      hashes.append(hash(content, source))
    }
    if start > 0 { parent = hashes[start - 1] }
    let tier: Tier = random.below(6) == 0 ? .cpu : .gpu
    let tokens = Array(prompt[start * Self.blockSize..<end * Self.blockSize])
    let kept = Array(hashes[start..<end])
    references[source].store(kept, parent: parent, tokens: tokens, salt: salt, tier: tier)
    var stored = StoredBlocks(
      hashes: kept.map { .integer($0) }, parent: parent.map { .integer($0) }, tokens: tokens,
      blockSize: Self.blockSize)
    stored.medium = tier == .gpu ? "GPU" : "cpu"
    if start == 0, let salt {
      stored.extraKeys = [[.text(salt)]] + kept.dropFirst().map { _ in nil }
    }
    return .stored(stored)
  }

  private mutating func removeEvent(_ source: Int) -> EngineEvent? {
    let copies = references[source].copies.keys.sorted {
      ($0.hash, $0.tier.rawValue) < ($1.hash, $1.tier.rawValue)
    }
    guard !copies.isEmpty else { return nil }
    let copy = copies[random.below(copies.count)]
    references[source].remove(copy.hash, tier: copy.tier)
    var removed = RemovedBlocks(hashes: [.integer(copy.hash)])
    removed.medium = copy.tier == .gpu ? nil : "CPU"
    return .removed(removed)
  }

  private mutating func apply(_ events: [EngineEvent], _ source: Int, _ life: UInt32) throws {
    let payload = encoder.encode(EngineBatch(timestamp: 0, events: events))
    try payload.withUnsafeBytes { try decoder.decode($0, into: &batch) }
    fleet.hasher.prepare(&batch)
    fleet.apply(batch, from: sources[source], incarnation: Incarnation(life), now: 0)
  }

  mutating func compare() {
    let prompt = prompts[random.below(prompts.count)]
    let tokens = Array(prompt.dropLast(random.below(6)))
    let salt = random.below(8) == 0 ? "alice" : nil
    var extra = ExtraKeyHasher(seed: fleet.hasher.seed)
    if let salt { extra.add(salt) }
    let keys = PromptKeys(
      tokens: tokens, lora: nil, extra: salt == nil ? [] : [extra.digest()],
      namespaces: fleet.namespaces(model: "m"), hasher: fleet.hasher)
    let matches = fleet.endpointMatches(keys, model: "m", matches: &found)
    for (number, reference) in references.enumerated() {
      let expected = reference.match(tokens, salt: salt)
      let match = matches.first { $0.endpoint == "e\(number)" }?.best
      #expect(match?.matchedTokens == expected.matched)
      for tier in [Tier.gpu, .cpu] { #expect(match?.tierTokens[tier] == expected.tiers[tier]) }
    }
  }

  /// Sources without parked blocks are exact, and nothing else went wrong.
  func checkTrust() {
    fleet.index.checkInvariants()
    for source in sources {
      guard let status = fleet.status(of: source) else { continue }
      let allowed: [Trust] = [.exact, .degraded(.orphans), .degraded(.unprovenTier)]
      #expect(allowed.contains(status.trust))
      #expect(status.counters.unpairedStores == 0 && status.counters.unknownMedia == 0)
    }
  }
}

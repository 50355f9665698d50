import KVIndexer
import Simulation

/// Removals in the orders in which engines evict, and clears.
enum RemovalBenchmark {
  /// In which order the blocks of a session go.
  private enum Order: String, CaseIterable {
    case tail = "tail first"
    case front = "front first"
    case middle = "from the middle"
  }

  /// What a lane loses of a chain, in this order.
  private struct Victim {
    var lane: Int
    var hashes: [EngineHash]
  }

  static func run(_ scale: Scale, _ report: inout Report) {
    let forest = Forest(
      Forest.Shape(residencies: scale.size(1_000_000, smoke: 20_000), seed: scale.seed))
    report.begin("removal", "a fifth of the sessions go, index only: \(forest.shape.text)")
    for order in Order.allCases where scale.wants(order.rawValue) {
      runIndex(forest, order, batch: 64, order == .tail ? .mean(40) : nil, scale, &report)
      let goal: Report.Goal? =
        switch order {
        case .tail: .mean(80)
        case .middle: .mean(150)
        case .front: nil
        }
      runIndex(forest, order, batch: 1, goal, scale, &report)
    }
    if scale.wants("scattered") { runScattered(forest, scale, &report) }
    if scale.wants("bytes") { runBytes(scale, &report) }
    if scale.wants("clear") { runClear(forest, scale, &report) }
  }

  private static func victims(
    _ forest: Forest, _ order: Order, _ random: inout SplitMix64
  ) -> [Victim] {
    var lanes: [Int: Set<Int>] = [:]
    for store in forest.stores where store.chain >= forest.sessions.lowerBound {
      lanes[store.chain, default: []].insert(store.lane)
    }
    var victims: [Victim] = []
    for chain in forest.sessions where random.below(5) == 0 {
      let unique = forest.chains[chain].hashes[(forest.shape.depth / 8)...]
      for lane in (lanes[chain] ?? []).sorted() {
        let hashes: [EngineHash] =
          switch order {
          case .tail: unique.reversed()
          case .front: Array(unique)
          case .middle:
            random.sample(unique.count, of: unique.count).map { unique[$0 + unique.startIndex] }
          }
        victims.append(Victim(lane: lane, hashes: hashes))
      }
    }
    return victims
  }

  /// - Parameter batch: Blocks an event.
  private static func runIndex(
    _ forest: Forest, _ order: Order, batch: Int, _ goal: Report.Goal?, _ scale: Scale,
    _ report: inout Report
  ) {
    var best: Samples?
    var checksum = Checksum()
    for round in 0..<min(scale.rounds, 3) {
      var random = SplitMix64(seed: scale.seed)
      let steps = victims(forest, order, &random).flatMap { victim in
        stride(from: 0, to: victim.hashes.count, by: 64).map { start in
          Victim(
            lane: victim.lane,
            hashes: Array(victim.hashes[start..<min(start + 64, victim.hashes.count)]))
        }
      }
      var loaded = LoadedIndex(forest)
      best.keepBest(
        Stopwatch.sequence(steps: steps.count) { step in
          let victim = steps[step]
          if batch == 1 {
            for hash in victim.hashes { loaded.remove(hash, lane: victim.lane) }
          } else {
            loaded.remove(victim.hashes[...], lane: victim.lane)
          }
          return victim.hashes.count
        })
      if round == 0 { verify(loaded, forest, steps, &checksum, scale, &report) }
    }
    report.row(
      "\(batch == 1 ? "single blocks" : "64 a batch"), \(order.rawValue)", best ?? Samples([]),
      unit: "ns/block", goal: goal, checksum: checksum)
  }

  private static func verify(
    _ loaded: borrowing LoadedIndex, _ forest: Forest, _ removed: [Victim],
    _ checksum: inout Checksum, _ scale: Scale, _ report: inout Report
  ) {
    let expected = forest.residencies - removed.reduce(0) { $0 + $1.hashes.count }
    let held = loaded.index.residencies
    report.check(held == expected, "\(held) residencies, not \(expected)")
    var random = SplitMix64(seed: scale.seed)
    let queries = forest.fullQueries(16, &random)
    var holdings = Holdings(forest, for: queries)
    let asked = Set(queries.joined())
    let keys = Dictionary(
      asked.map { (Forest.engineHash($0), $0) }, uniquingKeysWith: { first, _ in first })
    for victim in removed {
      for hash in victim.hashes {
        if let key = keys[hash] { holdings.remove(key, lane: victim.lane) }
      }
    }
    loaded.verify(queries, against: holdings, &checksum, &report)
  }

  /// Single blocks of anywhere in the index: every removal finds the caches cold.
  private static func runScattered(
    _ forest: Forest, _ scale: Scale, _ report: inout Report
  ) {
    var random = SplitMix64(seed: scale.seed)
    let victims = victims(forest, .tail, &random)
    var blocks: [(lane: Int, hash: EngineHash)] = []
    for victim in victims {
      for hash in victim.hashes { blocks.append((victim.lane, hash)) }
    }
    let order = random.sample(blocks.count, of: blocks.count)
    var loaded = LoadedIndex(forest)
    let samples = Stopwatch.sequence(steps: (order.count + 63) / 64) { step in
      let some = order[(step * 64)..<min(step * 64 + 64, order.count)]
      for number in some { loaded.remove(blocks[number].hash, lane: blocks[number].lane) }
      return some.count
    }
    let held = loaded.index.residencies
    report.check(held == forest.residencies - blocks.count, "\(held) residencies")
    report.row("single blocks, scattered over the index", samples, unit: "ns/block")
  }

  /// Messages of one removal event, from their bytes.
  private static func runBytes(_ scale: Scale, _ report: inout Report) {
    let forest = Forest(
      Forest.Shape(residencies: scale.size(200_000, smoke: 20_000), seed: scale.seed))
    report.begin("removal", "a fifth of the sessions go, bytes → index: \(forest.shape.text)")
    for batch in [64, 1] {
      var loaded = LoadedFleet(endpoints: forest.shape.lanes)
      for store in forest.stores {
        let message = EngineMessages.stored(forest.chains[store.chain], store.range)
        report.check(loaded.take(message, source: store.lane), "a message can't be decoded")
      }
      var random = SplitMix64(seed: scale.seed)
      var messages: [(source: Int, bytes: [UInt8], blocks: Int)] = []
      for victim in victims(forest, .tail, &random) {
        for start in stride(from: 0, to: victim.hashes.count, by: batch) {
          let hashes = victim.hashes[start..<min(start + batch, victim.hashes.count)]
          messages.append((victim.lane, EngineMessages.removed(hashes), hashes.count))
        }
      }
      let group = 64 / batch
      let samples = Stopwatch.sequence(steps: (messages.count + group - 1) / group) { step in
        var blocks = 0
        for message in messages[(step * group)..<min(step * group + group, messages.count)] {
          blocks += loaded.take(message.bytes, source: message.source) ? message.blocks : 0
        }
        return blocks
      }
      let removed = messages.reduce(0) { $0 + $1.blocks }
      let held = loaded.fleet.index.residencies
      report.check(held == forest.residencies - removed, "\(held) residencies")
      report.row("\(batch)-block events, tail first, bytes → index", samples, unit: "ns/block")
    }
  }

  /// Sources lose everything at once, one after the other.
  private static func runClear(_ forest: Forest, _ scale: Scale, _ report: inout Report) {
    report.begin("removal", "all lanes are cleared in turn: \(forest.shape.text)")
    var best: Samples?
    for _ in 0..<min(scale.rounds, 3) {
      var loaded = LoadedIndex(forest)
      best.keepBest(
        Stopwatch.sequence(steps: forest.shape.lanes) { lane in
          loaded.index.clear(loaded.lanes[lane])
        })
      report.check(loaded.index.residencies == 0, "blocks are left")
      report.check(loaded.index.uniqueBlocks == 0, "blocks are live")
    }
    report.row("clear of a source", best ?? Samples([]), unit: "ns/block")
  }
}

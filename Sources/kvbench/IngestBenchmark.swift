import KVIndexer
import Simulation

/// Event messages of vLLM 0.32 (maps) from their bytes into the index, on one thread.
enum IngestBenchmark {
  /// Messages in the order in which they arrive.
  private struct Stream {
    var messages: [(source: Int, bytes: [UInt8], blocks: Int)] = []
    var blocks = 0

    mutating func add(_ source: Int, _ bytes: [UInt8], blocks count: Int) {
      messages.append((source, bytes, count))
      blocks += count
    }
  }

  static func run(_ scale: Scale, _ report: inout Report) {
    let residencies = scale.size(500_000, smoke: 10_000)
    let flat = Forest(Forest.Shape(residencies: residencies, seed: scale.seed))
    runForest("64-block events", flat, .mean(130), scale, &report)
    runForest(
      "64-block events that split runs",
      Forest(Forest.Shape(residencies: residencies, isBranching: true, seed: scale.seed)), nil,
      scale, &report)
    runSecondHolder(residencies / 2, scale, &report)
    runDecode(scale, &report)
    runIndexOnly(flat, scale, &report)
  }

  private static func runForest(
    _ name: String, _ forest: Forest, _ goal: Report.Goal?, _ scale: Scale, _ report: inout Report
  ) {
    guard scale.wants(name) else { return }
    report.begin("ingest", "\(name): \(forest.shape.text)")
    var stream = Stream()
    for store in forest.stores {
      stream.add(
        store.lane, EngineMessages.stored(forest.chains[store.chain], store.range),
        blocks: store.range.count)
    }
    for stage in LoadedFleet.Stage.allCases {
      var best: Samples?
      var checksum = Checksum()
      for round in 0..<min(scale.rounds, 3) {
        var loaded = LoadedFleet(endpoints: forest.shape.lanes)
        best.keepBest(feed(stream, to: &loaded, stage, &report))
        guard stage == .apply, round == 0 else { continue }
        verify(loaded, forest, &checksum, scale, &report)
      }
      report.row(
        "\(name), \(stage.rawValue)", best ?? Samples([]), unit: "ns/block",
        goal: stage == .apply ? goal : nil, checksum: stage == .apply ? checksum : nil)
    }
  }

  /// - Parameter group: Messages a clock reading.
  private static func feed(
    _ stream: Stream, to loaded: inout LoadedFleet, _ stage: LoadedFleet.Stage, group: Int = 1,
    _ report: inout Report
  ) -> Samples {
    var failures = 0
    let samples = Stopwatch.sequence(steps: (stream.messages.count + group - 1) / group) { step in
      let start = step * group
      let end = min(start + group, stream.messages.count)
      var blocks = 0
      for index in start..<end {
        let isRead = loaded.take(
          stream.messages[index].bytes, source: stream.messages[index].source, upTo: stage)
        if !isRead { failures += 1 }
        blocks += stream.messages[index].blocks
      }
      return blocks
    }
    report.check(failures == 0, "\(failures) messages can't be decoded")
    return samples
  }

  private static func verify(
    _ loaded: borrowing LoadedFleet, _ forest: Forest, _ checksum: inout Checksum, _ scale: Scale,
    _ report: inout Report
  ) {
    let index = loaded.fleet.index.residencies
    report.check(index == forest.residencies, "\(index) residencies, not \(forest.residencies)")
    let unique = loaded.fleet.index.uniqueBlocks
    report.check(unique == forest.uniqueBlocks, "\(unique) blocks, not \(forest.uniqueBlocks)")
    var random = SplitMix64(seed: scale.seed)
    let queries = forest.fullQueries(4, &random) + forest.partialQueries(4, &random)
    loaded.verify(queries, against: Holdings(forest, for: queries), &checksum, &report)
  }

  /// Every block comes once more, from another source.
  private static func runSecondHolder(
    _ residencies: Int, _ scale: Scale, _ report: inout Report
  ) {
    let shape = Forest.Shape(residencies: residencies, holders: 1, seed: scale.seed)
    guard scale.wants("second holder") else { return }
    let forest = Forest(shape)
    report.begin("ingest", "a second holder of every block: \(shape.text)")
    var first = Stream()
    var second = Stream()
    var started: [Set<UInt64>] = Array(repeating: [], count: shape.lanes)
    for store in forest.stores where store.chain >= forest.sessions.lowerBound {
      let chain = forest.chains[store.chain]
      let bytes = EngineMessages.stored(chain, store.range)
      // The session starts with its system prompt, which the other source has to hold as well.
      if started[store.lane].insert(chain.keys[0]).inserted {
        let system = 0..<store.range.lowerBound
        let prefix = EngineMessages.stored(chain, system)
        first.add(store.lane, prefix, blocks: system.count)
        second.add((store.lane + 1) % shape.lanes, prefix, blocks: system.count)
      }
      first.add(store.lane, bytes, blocks: store.range.count)
      second.add((store.lane + 1) % shape.lanes, bytes, blocks: store.range.count)
    }
    var best: Samples?
    for _ in 0..<min(scale.rounds, 3) {
      var loaded = LoadedFleet(endpoints: shape.lanes)
      _ = feed(first, to: &loaded, .apply, &report)
      let unique = loaded.fleet.index.uniqueBlocks
      best.keepBest(feed(second, to: &loaded, .apply, &report))
      report.check(loaded.fleet.index.uniqueBlocks == unique, "the second holder added blocks")
    }
    report.row("second holder, bytes → index", best ?? Samples([]), unit: "ns/block")
  }

  /// Decoding engines: one block at a time, of many sessions in turn.
  private static func runDecode(_ scale: Scale, _ report: inout Report) {
    let sessionsOfSource = 8
    let sources = 64
    let prompt = 64
    let depth = prompt + scale.size(384, smoke: 16)
    report.begin(
      "ingest",
      "1-block events: \(sources) sources × \(sessionsOfSource) sessions grow in turn "
        + "from \(prompt) to \(depth) blocks, seed \(scale.seed)")
    var random = SplitMix64(seed: scale.seed)
    let chains = (0..<sources * sessionsOfSource).map { _ in
      let keys = Forest.continued([], length: depth, &random)
      return Forest.Chain(keys: keys, hashes: keys.map(Forest.engineHash))
    }
    for eventsOfMessage in [1, sessionsOfSource]
    where scale.wants("1-block events, \(eventsOfMessage) a message") {
      var prompts = Stream()
      for (number, chain) in chains.enumerated() {
        prompts.add(
          number % sources, EngineMessages.stored(chain, 0..<prompt), blocks: prompt)
      }
      var growth = Stream()
      for block in prompt..<depth {
        for source in 0..<sources {
          let events = (0..<sessionsOfSource).map { session in
            (chain: chains[session * sources + source], range: block..<block + 1)
          }
          for start in stride(from: 0, to: events.count, by: eventsOfMessage) {
            let some = Array(events[start..<start + eventsOfMessage])
            growth.add(source, EngineMessages.stored(some), blocks: some.count)
          }
        }
      }
      var best: Samples?
      for _ in 0..<min(scale.rounds, 3) {
        var loaded = LoadedFleet(endpoints: sources)
        _ = feed(prompts, to: &loaded, .apply, &report)
        best.keepBest(feed(growth, to: &loaded, .apply, group: 16, &report))
        let held = loaded.fleet.index.residencies
        report.check(held == chains.count * depth, "\(held) residencies")
      }
      let name = "1-block events, \(eventsOfMessage) a message"
      report.row(
        "\(name), bytes → index", best ?? Samples([]), unit: "ns/block", goal: .mean(250))
      var loaded = LoadedFleet(endpoints: sources)
      report.row(
        "\(name), decoding and hashing", feed(growth, to: &loaded, .hash, group: 16, &report),
        unit: "ns/block")
    }
  }

  /// The index's own part: keys and hashes given.
  private static func runIndexOnly(_ forest: Forest, _ scale: Scale, _ report: inout Report) {
    guard scale.wants("index only") else { return }
    report.begin("ingest", "index only, keys and engine hashes given: \(forest.shape.text)")
    var best: Samples?
    for _ in 0..<min(scale.rounds, 3) {
      var loaded = LoadedIndex(lanes: forest.shape.lanes)
      best.keepBest(
        Stopwatch.sequence(steps: forest.stores.count) { step in
          loaded.apply(forest.stores[step], of: forest)
          return forest.stores[step].range.count
        })
      report.check(loaded.index.residencies == forest.residencies, "residencies")
    }
    report.row("index only, 64-block runs", best ?? Samples([]), unit: "ns/block")
  }
}

import KVIndexer
import Simulation

/// Token ids given: hashing, one walk, and the answer for every endpoint, in process.
enum TokensBenchmark {
  static func run(_ scale: Scale, _ report: inout Report) {
    if scale.wants("8,192 tokens") { runForest(scale, &report) }
    if scale.wants("240,000 tokens") { runLong(scale, &report) }
  }

  private static func runForest(_ scale: Scale, _ report: inout Report) {
    let shape = Forest.Shape(
      lanes: 64, depth: 512, residencies: scale.size(300_000, smoke: 20_000), seed: scale.seed)
    let forest = Forest(shape)
    report.begin("tokens", "8,192 tokens, one endpoint a lane: \(shape.text)")
    var loaded = LoadedFleet(endpoints: shape.lanes)
    for store in forest.stores {
      let message = EngineMessages.stored(forest.chains[store.chain], store.range)
      report.check(loaded.take(message, source: store.lane), "a message can't be decoded")
    }
    var random = SplitMix64(seed: scale.seed)
    let queries = forest.fullQueries(16, &random)
    var checksum = Checksum()
    loaded.verify(queries, against: Holdings(forest, for: queries), &checksum, &report)
    let prompts = queries.map { Array(EngineMessages.prompt($0).prefix(8192)) }
    let batches = scale.size(1000, smoke: 20)
    report.row(
      "8,192 tokens × 64 endpoints, hashing alone",
      time(loaded, prompts, rounds: scale.rounds, batches: batches, matches: false), unit: "µs",
      scale: 1000, checksum: checksum)
    report.row(
      "8,192 tokens × 64 endpoints → matches",
      time(loaded, prompts, rounds: scale.rounds, batches: batches, matches: true), unit: "µs",
      scale: 1000, goal: .median(4), checksum: checksum)
  }

  /// The largest prompt of the peers' own complaint: 240,000 tokens, 96 sources.
  private static func runLong(_ scale: Scale, _ report: inout Report) {
    let lanes = 96
    let depth = scale.size(240_000, smoke: 24_000) / EngineMessages.blockSize
    report.begin("tokens", "\(depth * 16) tokens, \(lanes) endpoints hold different shares of them")
    var random = SplitMix64(seed: scale.seed)
    let keys = Forest.continued([], length: depth, &random)
    let chain = Forest.Chain(keys: keys, hashes: keys.map(Forest.engineHash))
    var loaded = LoadedFleet(endpoints: lanes)
    var holdings = Holdings(lanes: lanes)
    let messages = stride(from: 0, to: depth, by: 64).map { lower in
      EngineMessages.stored(chain, lower..<min(lower + 64, depth))
    }
    for lane in 0..<lanes {
      let share = max(messages.count * (lane + 1) / lanes, 1)
      for message in messages[..<share] {
        report.check(loaded.take(message, source: lane), "a message can't be decoded")
      }
      holdings.insert(keys[..<min(share * 64, depth)], lane: lane)
    }
    var checksum = Checksum()
    loaded.verify([keys], against: holdings, &checksum, &report)
    let prompts = [EngineMessages.prompt(keys)]
    let batches = scale.size(200, smoke: 5)
    report.row(
      "\(depth * 16) tokens, hashing alone",
      time(loaded, prompts, rounds: scale.rounds, batches: batches, matches: false), unit: "µs",
      scale: 1000, checksum: checksum)
    report.row(
      "\(depth * 16) tokens × \(lanes) sources → matches",
      time(loaded, prompts, rounds: scale.rounds, batches: batches, matches: true), unit: "µs",
      scale: 1000, goal: .median(200), checksum: checksum)
  }

  private static func time(
    _ loaded: borrowing LoadedFleet, _ prompts: [[TokenID]], rounds: Int, batches: Int,
    matches: Bool
  ) -> Samples {
    var found = FleetMatches()
    return Stopwatch.batches(rounds: rounds, batches: batches, operations: 1) { batch in
      let prompt = PromptKeys(
        tokens: prompts[batch % prompts.count], lora: nil, extra: [],
        namespaces: loaded.fleet.namespaces(model: LoadedFleet.model),
        hasher: loaded.fleet.hasher)
      if matches {
        loaded.fleet.match(prompt, model: LoadedFleet.model, into: &found)
      }
    }
  }
}

import KVIndexer
import Service
import Simulation

/// What people ask: walks over the whole index in slices, and explanations.
enum InspectBenchmark {
  private static let sliceWork = 4096

  static func run(_ scale: Scale, _ report: inout Report) {
    for isBranching in [false, true] {
      let forest = Forest(
        Forest.Shape(
          residencies: scale.size(1_000_000, smoke: 20_000), isBranching: isBranching,
          seed: scale.seed))
      report.begin("inspect", forest.shape.text)
      var loaded = LoadedFleet(endpoints: forest.shape.lanes)
      for store in forest.stores {
        let message = EngineMessages.stored(forest.chains[store.chain], store.range)
        report.check(loaded.take(message, source: store.lane), "a message can't be decoded")
      }
      let tree = isBranching ? "branchy" : "flat"
      if scale.wants("survey") { survey(loaded, "survey, \(tree)", scale, &report) }
      if scale.wants("page") { page(loaded, "page of 50 by value, \(tree)", scale, &report) }
      if scale.wants("explain") {
        explain(&loaded, forest, "explain, \(tree)", scale, &report)
      }
    }
  }

  /// Blocks of every source, and which of them others hold.
  private static func survey(
    _ loaded: borrowing LoadedFleet, _ name: String, _ scale: Scale, _ report: inout Report
  ) {
    var checksum = Checksum()
    var slices: [Double] = []
    let whole = Stopwatch.batches(rounds: 1, batches: scale.rounds, operations: 1) { _ in
      var survey = FleetSurvey()
      while !survey.isComplete {
        let start = MonotonicClock.nowNanoseconds()
        loaded.fleet.survey(&survey, work: sliceWork)
        slices.append(Double(MonotonicClock.nowNanoseconds() - start))
      }
      let sources = loaded.fleet.sources(in: survey)
      let blocks = sources.values.joined().reduce(0) { $0 + $1.blocks }
      checksum.add(sources.values.joined().reduce(0) { $0 + $1.sharedBlocks })
      report.check(blocks == loaded.fleet.index.residencies, "\(blocks) blocks")
    }
    report.row(
      "\(name), \(loaded.fleet.index.nodeCount) runs", whole.divided(by: 1e3), unit: "µs/walk",
      checksum: checksum)
    report.row("\(name), a slice", Samples(slices).divided(by: 1e3), unit: "µs/slice")
  }

  private static func page(
    _ loaded: borrowing LoadedFleet, _ name: String, _ scale: Scale, _ report: inout Report
  ) {
    var checksum = Checksum()
    let samples = Stopwatch.batches(rounds: 1, batches: scale.rounds, operations: 1) { _ in
      var selection = RunSelection(RunQuery())
      while !selection.isComplete { loaded.fleet.select(&selection, work: sliceWork) }
      checksum.add(selection.total)
      let expected = min(50, selection.total)
      report.check(selection.runs.count == expected, "\(selection.runs.count) runs")
    }
    report.row(name, samples.divided(by: 1e3), unit: "µs/page", checksum: checksum)
  }

  /// A prompt of which each source misses a block, with as many losses as are remembered.
  private static func explain(
    _ loaded: inout LoadedFleet, _ forest: Forest, _ name: String, _ scale: Scale,
    _ report: inout Report
  ) {
    for store in forest.stores where store.range.lowerBound > 0 {
      let hashes = forest.chains[store.chain].hashes[store.range]
      let message = EngineMessages.removed(hashes)
      report.check(loaded.take(message, source: store.lane), "a message can't be decoded")
    }
    var random = SplitMix64(seed: scale.seed)
    let prompts = forest.fullQueries(16, &random).map { EngineMessages.prompt($0) }
    var matches = FleetMatches()
    var checksum = Checksum()
    var lost = 0
    let samples = Stopwatch.batches(rounds: 1, batches: 16, operations: 1) { number in
      let keys = PromptKeys(
        tokens: prompts[number], lora: nil, extra: [],
        namespaces: loaded.fleet.namespaces(model: LoadedFleet.model), hasher: loaded.fleet.hasher)
      let found = loaded.fleet.explain(keys, model: LoadedFleet.model, matches: &matches)
      for explanation in found {
        checksum.add(explanation.missing?.block ?? -1)
        if case .lost = explanation.missing?.cause { lost += 1 }
      }
    }
    report.check(lost > 0, "no loss is remembered")
    report.row(name, samples.divided(by: 1e3), unit: "µs/prompt", checksum: checksum)
  }
}

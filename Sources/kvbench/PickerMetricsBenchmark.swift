import EPPScorer
import KVIndexer
import Service
import Simulation
import Tokenize

/// What the picker's metrics cost a request, and what one scrape of them costs.
enum PickerMetricsBenchmark {
  static func run(_ scale: Scale, _ report: inout Report) {
    let labelSets = scale.size(1000, smoke: 10)
    report.begin("counters", "\(labelSets) sets of labels, one request of each in turn")
    let metrics = PickerMetrics(poolName: "pool")
    let models = (0..<labelSets).map { "organisation/model-\($0)" }
    let hit = PrefixHit(basis: .precise(.exact), matchedTokens: 1024, blockTokens: 2048)
    let usage = TokenUsage(promptTokens: 2050, completionTokens: 100, cachedTokens: 1024)
    let operations = 64
    var number = 0
    let samples = Stopwatch.batches(
      rounds: scale.rounds, batches: scale.size(2000, smoke: 5), operations: operations
    ) { _ in
      for _ in 0..<operations {
        let model = models[number % labelSets]
        number += 1
        let row = metrics.row(model: model, target: model, fairness: "default-flow", priority: 0)
        row.decided(tokensSeconds: 1e-4, scheduleSeconds: 1e-5)
        row.routed(bodyBytes: 8000, hit: hit)
        row.firstToken(seconds: 0.4, isStream: true)
        row.completed(seconds: 2, firstTokenSeconds: 0.4, usage: usage, bodyBytes: 3000)
        row.predicted(hit, delivered: 1024)
      }
    }
    report.row(
      "a whole request", samples, unit: "ns", goal: .median(1000), checksum: Checksum())
    let scrapes = Stopwatch.batches(
      rounds: scale.rounds, batches: scale.size(4, smoke: 1), operations: 1
    ) { _ in
      var text = MetricsText()
      metrics.add(to: &text, PickerSample())
      report.check(text.bytes().count > labelSets * 1000, "the exposition is short")
    }
    report.row(
      "a scrape of \(labelSets) sets of labels", scrapes, unit: "ns", checksum: Checksum())
  }
}

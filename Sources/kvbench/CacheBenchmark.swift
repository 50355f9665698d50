import Service
import Simulation
import Tokenize

/// A repeated prompt: the key of a request → its token ids out of the token cache.
enum CacheBenchmark {
  static func run(_ scale: Scale, _ report: inout Report) {
    for tokens in [2048, 8192] where scale.wants("\(tokens) tokens") {
      run(tokens: tokens, scale, &report)
    }
  }

  private static func run(tokens: Int, _ scale: Scale, _ report: inout Report) {
    let entries = scale.size(1000, smoke: 20)
    report.begin(
      "cache", "\(entries) prompts of \(tokens) tokens, all in the cache, asked at random")
    var random = SplitMix64(seed: scale.seed)
    var cache = TokenCache(bytesMax: 1 << 30, ageMax: .seconds(600))
    let keys = (0..<entries).map { _ in
      TokenCache.Key(RenderKey(high: random.next(), low: random.next()), scope: 0)
    }
    let start = MonotonicClock.nowNanoseconds()
    var firsts: [UInt32] = []
    for key in keys {
      let prompt = (0..<tokens).map { _ in UInt32(random.below(150_000)) }
      firsts.append(prompt[0])
      cache.insert(key, [RenderedPrompt(tokens: prompt)], at: start)
    }
    var checksum = Checksum()
    for (key, first) in zip(keys, firsts) {
      let found = cache.find(key, at: start)?.first?.tokens
      report.check(found?.first == first && found?.count == tokens, "a prompt is not its own")
      checksum.add(Int(found?.last ?? 0))
    }
    report.row(
      "bytes an entry", Double(cache.statistics.bytes) / Double(entries), unit: "B",
      checksum: checksum)

    let operations = 64
    let order = (0..<operations * 64).map { _ in random.below(entries) }
    var sum = 0
    let samples = Stopwatch.batches(
      rounds: scale.rounds, batches: scale.size(5000, smoke: 20), operations: operations
    ) { batch in
      for step in 0..<operations {
        let place = order[(batch % 64) * operations + step]
        let found = cache.find(keys[place], at: MonotonicClock.nowNanoseconds())
        sum &+= found?.first?.tokens.count ?? 0
      }
    }
    let hits = scale.rounds * scale.size(5000, smoke: 20) * operations
    report.check(sum == hits * tokens, "a prompt that was put in is missing")
    report.row(
      "hit, with the clock's reading, \(tokens) tokens", samples, unit: "ns", goal: .median(200),
      checksum: checksum)
  }
}

import KVIndexer
import Service
import Simulation

/// Keys given: how long one walk for all lanes takes.
enum MatchBenchmark {
  private static let operations = 16

  static func run(_ scale: Scale, _ report: inout Report) {
    runShapes(scale, &report)
    runHolders(scale, &report)
    runCold(scale, &report)
  }

  /// Every width × depth: prompts that are known to the end, and prompts that leave a branchy tree.
  private static func runShapes(_ scale: Scale, _ report: inout Report) {
    let residencies = scale.size(1_000_000, smoke: 20_000)
    report.begin(
      "match",
      "hot: 64 prompts in turn, \(operations) a batch, \(residencies) residencies, "
        + "seed \(scale.seed)")
    let shapes =
      scale.isSmoke
      ? [(8, 64), (64, 512)]
      : [8, 64, 512].flatMap { lanes in [64, 512, 4096].map { (lanes, $0) } }
    for (lanes, depth) in shapes {
      for isBranching in [false, true] {
        let name = "\(lanes) × \(depth), \(isBranching ? "branchy" : "flat") tree"
        guard scale.wants(name) else { continue }
        let forest = Forest(
          Forest.Shape(
            lanes: lanes, depth: depth, residencies: residencies, isBranching: isBranching,
            seed: scale.seed))
        let index = LoadedIndex(forest)
        var random = SplitMix64(seed: scale.seed)
        let full = forest.fullQueries(64, &random)
        let partial = forest.partialQueries(64, &random)
        if !isBranching {
          let goal = depth >= 512 && lanes == 64 ? Report.Goal.median(60) : nil
          measure(index, forest, [full[0]], "\(name), one prompt", nil, scale, &report)
          measure(index, forest, full, "\(name), full hits", goal, scale, &report)
          measure(index, forest, partial, "\(name), partial hits", nil, scale, &report)
        } else {
          let goal = depth == 512 && lanes == 64 ? Report.Goal.median(200) : nil
          measure(index, forest, full, "\(name), full hits", nil, scale, &report)
          measure(index, forest, partial, "\(name), partial hits", goal, scale, &report)
        }
      }
    }
  }

  private static func measure(
    _ index: borrowing LoadedIndex, _ forest: Forest, _ queries: [[UInt64]], _ name: String,
    _ goal: Report.Goal?, _ scale: Scale, _ report: inout Report
  ) {
    var checksum = Checksum()
    let checked = Array(queries.prefix(16))
    index.verify(checked, against: Holdings(forest, for: checked), &checksum, &report)
    let samples = time(index, queries, scale)
    report.row(name, samples, unit: "ns/query", goal: goal, checksum: checksum)
  }

  private static func time(
    _ index: borrowing LoadedIndex, _ queries: [[UInt64]], _ scale: Scale
  ) -> Samples {
    var buffer = MatchBuffer()
    var next = 0
    return Stopwatch.batches(
      rounds: scale.rounds, batches: scale.size(2000, smoke: 50), operations: operations
    ) { _ in
      for _ in 0..<operations {
        index.match(queries[next], into: &buffer)
        next += 1
        if next == queries.count { next = 0 }
      }
    }
  }

  /// One prompt of 512 blocks that every lane holds: whole, cut off at different blocks, or holed.
  private static func runHolders(_ scale: Scale, _ report: inout Report) {
    report.begin("match", "all lanes hold one prompt of 512 blocks, seed \(scale.seed)")
    for lanes in [64, 512] {
      for kind in Holding.allCases where scale.wants("\(lanes) holders, \(kind.rawValue)") {
        var random = SplitMix64(seed: scale.seed)
        let keys = Forest.continued([], length: 512, &random)
        let chain = Forest.Chain(keys: keys, hashes: keys.map(Forest.engineHash))
        var index = LoadedIndex(lanes: lanes)
        var holdings = Holdings(lanes: lanes)
        for lane in 0..<lanes {
          let held = kind.blocks(lane: lane, of: lanes)
          index.store(chain, 0..<held, lane: lane)
          holdings.insert(keys[..<held], lane: lane)
          guard kind == .holes else { continue }
          for block in random.sample(8, of: 512) {
            index.remove(chain.hashes[block], lane: lane)
            holdings.remove(keys[block], lane: lane)
          }
        }
        var checksum = Checksum()
        index.verify([keys], against: holdings, &checksum, &report)
        let goal: Report.Goal? =
          switch (lanes, kind) {
          case (512, .whole): .median(100)
          case (512, .cutOffs): .median(1000)
          default: nil
          }
        report.row(
          "\(lanes) holders, \(kind.rawValue)", time(index, [keys], scale), unit: "ns/query",
          goal: goal, checksum: checksum)
      }
    }
  }

  private enum Holding: String, CaseIterable {
    case whole = "all whole"
    case cutOffs = "distinct cut-offs, longest first"
    case growing = "distinct cut-offs, shortest first"
    case holes = "8 random holes each"

    /// Blocks of 512 that a lane stores; lanes do so in ascending order.
    func blocks(lane: Int, of lanes: Int) -> Int {
      switch self {
      case .whole, .holes: 512
      case .cutOffs: 512 * (lanes - lane) / lanes
      case .growing: 512 * (lane + 1) / lanes
      }
    }
  }

  /// Random prompts of an index far larger than the caches, one clock reading a query.
  private static func runCold(_ scale: Scale, _ report: inout Report) {
    let residencies = scale.size(6_000_000, smoke: 50_000)
    let overhead = Stopwatch.overhead()
    report.begin(
      "match",
      "cold: random prompts of an index of \(residencies) residencies, keys in cache, "
        + "less \(overhead.short) ns for the clock, seed \(scale.seed)")
    for depth in [512, 4096] where scale.wants("cold 64 × \(depth)") {
      let forest = Forest(
        Forest.Shape(lanes: 64, depth: depth, residencies: residencies, seed: scale.seed))
      let index = LoadedIndex(forest)
      var random = SplitMix64(seed: scale.seed)
      var checksum = Checksum()
      let checked = forest.fullQueries(16, &random)
      index.verify(checked, against: Holdings(forest, for: checked), &checksum, &report)
      var buffer = MatchBuffer()
      var query = forest.fullQueries(1, &random)[0]
      var values: [Double] = []
      for _ in 0..<scale.size(20_000, smoke: 200) {
        let chosen = random.inside(forest.sessions.lowerBound...forest.sessions.upperBound - 1)
        for position in query.indices { query[position] = forest.chains[chosen].keys[position] }
        let start = MonotonicClock.nowNanoseconds()
        index.match(query, into: &buffer)
        values.append(Double(MonotonicClock.nowNanoseconds() - start))
      }
      report.row(
        "cold 64 × \(depth), \((Double(index.index.bytes) / 1e6).short) MB",
        Samples(values).less(overhead),
        unit: "ns/query", goal: depth == 4096 ? .median(500) : nil, checksum: checksum)
    }
  }
}

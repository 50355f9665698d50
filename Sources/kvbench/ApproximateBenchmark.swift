import EPPScorer
import Simulation
import Tokenize

/// The approximate index: blocks given → leading blocks of all endpoints, and learning them.
enum ApproximateBenchmark {
  private static let lanes = 64

  static func run(_ scale: Scale, _ report: inout Report) {
    let capacity = scale.size(16_384, smoke: 1024)
    report.begin(
      "approximate",
      "\(lanes) endpoints of \(capacity) blocks, all full, a prompt at random, seed \(scale.seed)")
    for depth in [32, 128] {
      for holders in [1, 8, 64] {
        let cell = "match \(depth) blocks, \(holders) holders of \(lanes)"
        if scale.wants(cell) { runMatch(cell, depth, holders, capacity, scale, &report) }
      }
      let cell = "learn \(depth) new blocks, as many forgotten"
      if scale.wants(cell) { runLearn(cell, depth, capacity, scale, &report) }
    }
  }

  /// An index whose endpoints hold prompts of their own and, the last ones, some that they share.
  private static func runMatch(
    _ cell: String, _ depth: Int, _ holders: Int, _ capacity: Int, _ scale: Scale,
    _ report: inout Report
  ) {
    var random = SplitMix64(seed: scale.seed)
    var index = ApproximateIndex()
    let lanes = (0..<lanes).compactMap { _ in index.addEndpoint(capacityBlocks: capacity) }
    for lane in lanes {
      for _ in 0..<capacity / depth { index.learn(prompt(depth, &random), lane) }
    }
    // As many shared prompts as leave their own ones most of the room.
    let prompts = (0..<min(64, capacity / depth / 2)).map { _ in prompt(depth, &random) }
    var depths: [[Int]] = []
    for prompt in prompts {
      var expected = Array(repeating: 0, count: lanes.count)
      for holder in 0..<holders {
        // The half of them hold all of it, the others different parts.
        let held = holder % 2 == 0 ? depth : random.inside(1...depth)
        let lane = lanes[(holder * 7 + 3) % lanes.count]
        index.learn(Array(prompt.prefix(held)), lane)
        expected[lane.index] = held
      }
      depths.append(expected)
    }
    var checksum = Checksum()
    var counts: [Int] = []
    for (prompt, expected) in zip(prompts, depths) {
      index.match(prompt, into: &counts)
      report.check(counts == expected, "\(cell): \(counts) is not \(expected)")
      for count in counts { checksum.add(count) }
    }
    let operations = 64
    let samples = Stopwatch.batches(
      rounds: scale.rounds, batches: scale.size(500, smoke: 5), operations: operations
    ) { batch in
      for step in 0..<operations {
        index.match(prompts[(batch &* 31 &+ step) % prompts.count], into: &counts)
      }
    }
    report.row(
      cell, samples, unit: "µs", scale: 1000, goal: .median(depth == 32 ? 1.5 : 5),
      checksum: checksum)
  }

  /// Full endpoints: every new block costs another one its place, and every third prompt goes on
  /// from one before.
  private static func runLearn(
    _ cell: String, _ depth: Int, _ capacity: Int, _ scale: Scale, _ report: inout Report
  ) {
    var random = SplitMix64(seed: scale.seed)
    var index = ApproximateIndex()
    let lanes = (0..<lanes).compactMap { _ in index.addEndpoint(capacityBlocks: capacity) }
    for lane in lanes {
      for _ in 0..<capacity / depth { index.learn(prompt(depth, &random), lane) }
    }
    let steps = scale.size(20_000, smoke: 200)
    var prompts: [[EstimatedBlock]] = []
    for step in 0..<steps {
      let shared = step % 3 == 2 ? Array(prompts[random.below(step)].prefix(depth / 2)) : []
      prompts.append(shared + prompt(depth - shared.count, &random))
    }
    let order = (0..<steps).map { _ in random.below(lanes.count) }
    let samples = Stopwatch.sequence(steps: steps) { step in
      index.learn(prompts[step], lanes[order[step]])
      return depth
    }
    let residencies = index.residencies
    report.check(
      residencies == lanes.count * (capacity / depth * depth)
        || residencies == lanes.count * capacity, "\(cell): \(residencies) residencies")
    var checksum = Checksum()
    var counts: [Int] = []
    for prompt in prompts.suffix(100) {
      index.match(prompt, into: &counts)
      for count in counts { checksum.add(count) }
    }
    report.row(cell, samples, unit: "ns a block", goal: .median(60), checksum: checksum)
    let again = Array(prompts.suffix(lanes.count))
    let refreshes = Stopwatch.batches(
      rounds: scale.rounds, batches: scale.size(500, smoke: 5), operations: depth
    ) { batch in
      index.learn(
        again[batch % again.count], lanes[order[steps - again.count + batch % again.count]])
    }
    report.row(
      "learn \(depth) blocks that are there", refreshes, unit: "ns a block", goal: .median(60),
      checksum: checksum)
    report.row(
      "bytes a residency", Double(index.bytes) / Double(residencies), unit: "B",
      checksum: checksum)
  }

  private static func prompt(_ depth: Int, _ random: inout SplitMix64) -> [EstimatedBlock] {
    (0..<depth).map { _ in EstimatedBlock(bits: random.next()) }
  }
}

import Service

/// Durations of small batches, in nanoseconds an operation.
struct Samples {
  private var sorted: [Double]
  /// Processor time of the thread over all operations, free of what other processes did.
  let mean: Double

  /// Samples of batches that all have the same number of operations.
  init(_ values: [Double]) {
    self.init(values, mean: values.reduce(0, +) / Double(max(values.count, 1)))
  }

  init(_ values: [Double], mean: Double) {
    sorted = values.sorted()
    self.mean = mean
  }

  var median: Double { quantile(0.5) }
  var p99: Double { quantile(0.99) }
  var count: Int { sorted.count }

  func quantile(_ share: Double) -> Double {
    guard !sorted.isEmpty else { return .nan }
    return sorted[min(Int(share * Double(sorted.count)), sorted.count - 1)]
  }

  /// Every sample less a cost that is not the operation's.
  func less(_ cost: Double) -> Samples {
    Samples(sorted.map { max($0 - cost, 0) }, mean: max(mean - cost, 0))
  }

  /// The same in a larger unit.
  func divided(by unit: Double) -> Samples {
    Samples(sorted.map { $0 / unit }, mean: mean / unit)
  }
}

/// Times calls of a body and keeps the best round.
enum Stopwatch {
  /// Times `batches` calls of `body`, which do `operations` operations each.
  ///
  /// - Parameter body: Takes the number of the batch.
  /// - Returns: The round with the lowest median.
  static func batches(
    rounds: Int, batches: Int, operations: Int, _ body: (Int) -> Void
  ) -> Samples {
    var best: Samples?
    for _ in 0..<rounds {
      var values: [Double] = []
      values.reserveCapacity(batches)
      let processor = ProcessStatistics.threadNanoseconds()
      for batch in 0..<batches {
        let start = MonotonicClock.nowNanoseconds()
        body(batch)
        let end = MonotonicClock.nowNanoseconds()
        values.append(Double(end - start) / Double(operations))
      }
      let used = ProcessStatistics.threadNanoseconds() - processor
      let samples = Samples(values, mean: Double(used) / Double(batches * operations))
      if samples.median < best?.median ?? .infinity { best = samples }
    }
    return best ?? Samples([])
  }

  /// Times a sequence of steps that can be done once only, each of some number of operations.
  ///
  /// - Parameter body: Does a step, and returns its number of operations.
  static func sequence(steps: Int, _ body: (Int) -> Int) -> Samples {
    var values: [Double] = []
    values.reserveCapacity(steps)
    var operations = 0
    let processor = ProcessStatistics.threadNanoseconds()
    for step in 0..<steps {
      let start = MonotonicClock.nowNanoseconds()
      let count = body(step)
      let end = MonotonicClock.nowNanoseconds()
      operations += count
      if count > 0 { values.append(Double(end - start) / Double(count)) }
    }
    let used = ProcessStatistics.threadNanoseconds() - processor
    return Samples(values, mean: Double(used) / Double(max(operations, 1)))
  }

  /// What one look at the clock costs, in nanoseconds.
  static func overhead() -> Double {
    batches(rounds: 3, batches: 1000, operations: 1) { _ in }.median
  }
}

extension Optional where Wrapped == Samples {
  /// Keeps the round with the lower mean.
  mutating func keepBest(_ samples: Samples) {
    if let best = self, best.mean <= samples.mean { return }
    self = samples
  }
}

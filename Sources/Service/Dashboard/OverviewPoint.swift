import Tokenize

/// What happened between two samples: one point of every curve.
struct OverviewPoint: Sendable, Equatable {
  /// In seconds since 1970, at its end.
  var time: Double
  var eventsPerSecond: Double
  var storedPerSecond: Double
  var removedPerSecond: Double
  /// Engine's timestamp to decoding.
  var lagSeconds: (median: Double, high: Double)?
  /// Receipt of a batch until matches see it.
  var applySeconds: (median: Double, high: Double)?
  var scoresPerSecond: Double
  /// What came of the requests that ended in between.
  var traffic: ShadowFigures

  /// - Parameters:
  ///   - earlier: The sample at its beginning.
  ///   - sample: The sample at its end.
  init(from earlier: FleetSample, to sample: FleetSample) {
    let seconds = Swift.max(Double(sample.at &- earlier.at) / 1e9, 1e-3)
    // An endpoint that leaves takes its counts with it.
    func rate(_ count: (FleetSample) -> Int) -> Double {
      Double(Swift.max(count(sample) - count(earlier), 0)) / seconds
    }
    func quantiles(_ histogram: (FleetSample) -> Histogram.Snapshot) -> (Double, Double)? {
      let (now, before) = (histogram(sample), histogram(earlier))
      guard let median = now.quantile(0.5, since: before),
        let high = now.quantile(0.99, since: before)
      else { return nil }
      return (median, high)
    }
    time = sample.time
    eventsPerSecond = rate(\.events)
    storedPerSecond = rate(\.storedBlocks)
    removedPerSecond = rate(\.removedBlocks)
    lagSeconds = quantiles(\.eventLag)
    applySeconds = quantiles(\.applyLatency)
    scoresPerSecond = rate(\.scores)
    traffic = sample.traffic - earlier.traffic
  }

  static func == (a: OverviewPoint, b: OverviewPoint) -> Bool { a.values == b.values }

  /// The names of `values`.
  static let columns = [
    "time", "events_per_s", "stored_per_s", "removed_per_s", "lag_p50_ms", "lag_p99_ms",
    "apply_p50_ms", "apply_p99_ms", "scores_per_s", "requests", "prompt_tokens",
    "delivered_tokens", "precise_prompt_tokens", "precise_tokens", "approximate_prompt_tokens",
    "approximate_tokens",
  ]

  /// The numbers of a point, in the order of `columns`; nil for what is not known.
  var values: [Double?] {
    [
      time, eventsPerSecond, storedPerSecond, removedPerSecond,
      lagSeconds.map { $0.median * 1e3 }, lagSeconds.map { $0.high * 1e3 },
      applySeconds.map { $0.median * 1e3 }, applySeconds.map { $0.high * 1e3 }, scoresPerSecond,
    ]
      + [
        traffic.requests, traffic.promptTokens, traffic.deliveredTokens,
        traffic.precise.promptTokens, traffic.precise.predictedTokens,
        traffic.approximate.promptTokens, traffic.approximate.predictedTokens,
      ].map { Double($0) }
  }

  func write(to json: inout JSONWriter) {
    json.array { json in
      for value in values { json.compact(value) }
    }
  }
}

extension JSONWriter {
  /// Writes a number to two decimals, or `null`.
  mutating func compact(_ value: Double?) {
    guard let value, value.isFinite else { return null() }
    let hundredths = (value * 100).rounded()
    guard abs(hundredths) < 9e15 else { return double(value) }
    if hundredths.truncatingRemainder(dividingBy: 100) == 0 {
      integer(Int(hundredths / 100))
    } else {
      double(hundredths / 100)
    }
  }
}

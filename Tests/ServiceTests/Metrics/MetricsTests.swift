import Foundation
import Testing

@testable import Service

private enum Reason: String, MetricLabel {
  case gap, restart
  static let labelName = "reason"
}

@Suite struct MetricsTests {
  private func text(_ add: (inout MetricsText) -> Void) -> String {
    var text = MetricsText()
    add(&text)
    return String(decoding: text.bytes(), as: UTF8.self)
  }

  @Test func `families are sorted by name, and samples by labels`() {
    let counters = Labelled<Reason, Counter> { Counter() }
    counters[.restart].add(2)
    let gauge = Gauge()
    gauge.set(0.5)
    let result = text { text in
      text.add("kvi_resyncs_total", help: "Resyncs.", counters)
      text.add("kvi_fill", help: "Fill.", gauge)
    }
    #expect(
      result == """
        # HELP kvi_fill Fill.
        # TYPE kvi_fill gauge
        kvi_fill 0.5
        # HELP kvi_resyncs_total Resyncs.
        # TYPE kvi_resyncs_total counter
        kvi_resyncs_total{reason="gap"} 0
        kvi_resyncs_total{reason="restart"} 2

        """)
  }

  @Test func `a histogram has cumulative buckets, a sum and a count`() {
    let histogram = Histogram(bounds: [0.1, 1, 10])
    for value in [0.1, 0.5, 5, 50, .nan] { histogram.observe(value) }
    let result = text { $0.add("h", help: "H", histogram) }
    #expect(
      result == """
        # HELP h H
        # TYPE h histogram
        h_bucket{le="0.1"} 1
        h_bucket{le="1"} 2
        h_bucket{le="10"} 3
        h_bucket{le="+Inf"} 4
        h_sum 55.6
        h_count 4

        """)
  }

  @Test func `odd values and odd text are escaped`() {
    let result = text { text in
      text.add(
        "g", .gauge, help: "back\\slash\nnew \"line\"",
        [
          (labels: [(name: "a", value: "\\\"\n")], value: .infinity),
          (labels: [(name: "b", value: "é")], value: -.infinity), (labels: [], value: .nan),
        ])
    }
    #expect(
      result == #"""
        # HELP g back\\slash\nnew "line"
        # TYPE g gauge
        g NaN
        g{a="\\\"\n"} +Inf
        g{b="é"} -Inf

        """#)
  }

  @Test func `counts from several threads are not lost`() {
    let counter = Counter()
    let histogram = Histogram(bounds: [1])
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for _ in 0..<1000 {
        counter.add()
        histogram.observe(1)
      }
    }
    #expect(counter.value == 4000)
    #expect(
      histogram.snapshot()
        == Histogram.Snapshot(bounds: [1], cumulativeCounts: [4000, 4000], sum: 4000))
  }

  /// The real parser, where Python has it.
  @Test(.enabled(if: PrometheusParser.isAvailable))
  func `Prometheus' own parser reads back every sample`() throws {
    let histograms = Labelled<Reason, Histogram> { Histogram(bounds: Histogram.latencySeconds) }
    histograms[.gap].observe(0.003)
    let counter = Counter()
    counter.add(7)
    let result = text { text in
      text.add("t_seconds", help: "Time \\ and\nspace.", histograms)
      text.add("n_total", help: "Number.", counter)
      text.add(
        "g", .gauge, help: "", [(labels: [(name: "e", value: "a\"b\\c\nd")], value: 1e-9)])
    }
    let samples = try PrometheusParser.parse(result)
    #expect(samples.contains(#"n_total {} 7.0"#))
    #expect(samples.contains(#"g {"e": "a\"b\\c\nd"} 1e-09"#))
    #expect(samples.contains(#"t_seconds_bucket {"le": "0.005", "reason": "gap"} 1.0"#))
    #expect(samples.contains(#"t_seconds_bucket {"le": "0.002", "reason": "gap"} 0.0"#))
    #expect(samples.contains(#"t_seconds_count {"reason": "restart"} 0.0"#))
    #expect(samples.count == 1 + 1 + 2 * (Histogram.latencySeconds.count + 3))
  }
}

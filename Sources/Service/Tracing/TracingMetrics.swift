/// What becomes of spans.
package final class TracingMetrics: Sendable {
  package enum Outcome: String, MetricLabel {
    /// The collector took it.
    case exported
    /// The queue was full.
    case overflowed
    /// The collector refused it, or answered nothing a number of times.
    case failed
    package static let labelName = "outcome"
  }

  package let spans = Labelled<Outcome, Counter> { Counter() }

  func add(to text: inout MetricsText) {
    text.add(
      "kvindexer_trace_spans_total", help: "Spans of sampled requests, by what became of them.",
      spans)
  }
}

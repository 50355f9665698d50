/// What reading the engines' metrics counts.
package final class ScrapeMetrics: Sendable {
  /// How a read ended.
  package enum Outcome: String, MetricLabel {
    /// With at least one wanted series.
    case read
    /// With a page that has none of them.
    case noSeries = "no_series"
    /// With another status than 200.
    case refused
    case unreachable
    case timedOut = "timed_out"
    /// It was never made, or the server is not to be trusted.
    case abandoned
    package static let labelName = "outcome"
  }

  /// The `source_type` of `datalayer_poll_errors_total`.
  package static let sourceType = "metrics-data-source"

  package let reads = Labelled<Outcome, Counter> { Counter() }
  /// Wanted series whose value made no sense.
  package let faultySeries = Counter()
  package let bytes = Counter()
  /// From the request to the end of the answer.
  package let latency = Histogram(bounds: Histogram.latencySeconds)
  /// Reads that a report of a failure brought forward.
  package let hastened = Counter()

  package init() {}

  /// Reads that brought no page, for `datalayer_poll_errors_total`.
  package var pollErrors: Int {
    reads[.refused].value + reads[.unreachable].value + reads[.timedOut].value
      + reads[.abandoned].value
  }

  /// Pages and series that could not be read, for `datalayer_extract_errors_total`.
  package var extractErrors: Int { reads[.noSeries].value + faultySeries.value }
}

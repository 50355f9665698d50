/// How long decisions take, and how requests end, over all requests.
final class DecisionMetrics: Sendable {
  /// Parts of a decision, in their order.
  enum Phase: String, MetricLabel {
    case parse, tokens, match, schedule
    static let labelName = "phase"
  }

  /// How a request ended, as far as the picker saw it.
  enum End: String, MetricLabel {
    case completed, failed, aborted, unobserved, refused
    static let labelName = "end"
  }

  let phases = Labelled<Phase, Histogram> { Histogram(bounds: PickerBuckets.decisionSeconds) }
  let scheduling = Histogram(bounds: PickerBuckets.schedulingSeconds)
  let whole = Histogram(bounds: PickerBuckets.requestProcessingSeconds)
  let ends = Labelled<End, Counter> { Counter() }

  func decided(parse: Double?, tokens: Double, match: Double?, schedule: Double) {
    if let parse { phases[.parse].observe(parse) }
    phases[.tokens].observe(tokens)
    if let match { phases[.match].observe(match) }
    phases[.schedule].observe(schedule)
    scheduling.observe(schedule)
    whole.observe((parse ?? 0) + tokens + (match ?? 0) + schedule)
  }
}

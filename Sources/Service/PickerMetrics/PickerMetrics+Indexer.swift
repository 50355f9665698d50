internal import EPPScorer

/// What llm-d's picker has no metric for: how good predictions are, and what they rest on.
extension PickerMetrics {
  func addOurs(_ text: inout MetricsText, _ sample: PickerSample) {
    let ours = "kvindexer_epp_"
    text.add(
      ours + "picks_total", .counter,
      help: "Picks by what the idea of the cached prefix rests on, and why it is approximate.",
      pickSamples)
    text.add(
      ours + "predicted_tokens_total",
      help: "Cached tokens that were predicted of requests whose response told them.",
      predictions.predictedTokens)
    text.add(
      ours + "delivered_tokens_total", help: "Cached tokens that those responses told.",
      predictions.deliveredTokens)
    text.add(
      ours + "prediction_error_tokens", help: "Delivered less predicted cached tokens.",
      predictions.errors)
    text.add(
      ours + "decision_seconds", help: "Time of a decision's parts.", decisions.phases)
    text.add(
      ours + "requests_total", help: "Requests by how they ended, as far as the picker saw it.",
      decisions.ends)
    let up = sample.members.count(where: \.isUp)
    text.add(
      ours + "endpoints", .gauge, help: "Endpoints by whether requests may go there.",
      [("up", up), ("down", sample.members.count - up)].map {
        (labels: [(name: "state", value: $0.0)], value: Double($0.1))
      })
    text.add(
      ours + "reservations", .gauge, help: "Claims on prefixes that are not over.",
      [(labels: [], value: Double(sample.reservations))])
    let overflows = [
      requests.overflows, attempts.overflows, divisions.overflows, plugins.overflows,
    ].reduce(0) { $0 + $1.value }
    text.add(
      ours + "label_overflows_total", .counter,
      help: "Times that a metric had no place for another set of labels.",
      [(labels: [], value: Double(overflows))])
  }

  private var pickSamples: [(labels: MetricsText.Labels, value: Double)] {
    func sample(
      _ basis: PredictionMetrics.Basis, _ cause: String, _ count: Int
    ) -> (labels: MetricsText.Labels, value: Double) {
      (
        labels: [
          (name: PredictionMetrics.Basis.labelName, value: basis.rawValue),
          (name: "cause", value: cause),
        ],
        value: Double(count)
      )
    }
    return [.precise, .none].map { sample($0, "", predictions.picks[$0].value) }
      + ApproximationCause.allCases.map {
        sample(.approximate, $0.label, predictions.approximations[$0]?.value ?? 0)
      }
  }
}

extension ApproximationCause {
  /// Its name in metrics and headers.
  var label: String {
    switch self {
    case .configured: "configured"
    case .noTokens: "no_tokens"
    case .noEvents: "no_events"
    case .notExact: "not_exact"
    case .noAnswer: "no_answer"
    }
  }
}

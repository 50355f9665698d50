/// How good predictions are, by endpoint, and by both ways of predicting.
extension MetricsPage {
  func addInsight(_ text: inout MetricsText) {
    addPredictions(&text)
    addShadows(&text)
    let size = insight.log.size
    text.add(
      "kvindexer_decisions", .gauge, help: "Decisions that are remembered.",
      [(labels: [], value: Double(size.kept))])
    text.add(
      "kvindexer_decisions_bytes", .gauge, help: "Bytes that they take.",
      [(labels: [], value: Double(size.bytes))])
    text.add(
      "kvindexer_decisions_forgotten_total", .counter,
      help: "Decisions that are not remembered any more.",
      [(labels: [], value: Double(size.forgotten))])
    text.add(
      "kvindexer_feedback_total", help: "Reports of deliveries, by how they were taken.",
      insight.reports)
  }

  private func addPredictions(_ text: inout MetricsText) {
    let rows = insight.comparison.predictions.all
    func add(_ name: String, _ help: String, _ counter: (PredictionRow) -> Counter) {
      text.add(
        "kvindexer_prediction_\(name)_total", .counter, help: help,
        rows.map { (labels: $0.labels.labels, value: Double(counter($0.metric).value)) })
    }
    add("requests", "Requests whose delivery was told.") { $0.requests }
    add("prompt_tokens", "Tokens of their prompts.") { $0.promptTokens }
    add("predicted_tokens", "Cached tokens that they were sent for.") { $0.predictedTokens }
    add("delivered_tokens", "Cached tokens that engines told of them.") { $0.deliveredTokens }
    text.add(
      "kvindexer_prediction_over_tokens", help: "Cached tokens predicted and not delivered.",
      rows.map { (labels: $0.labels.labels, snapshot: $0.metric.over.snapshot()) })
    text.add(
      "kvindexer_prediction_under_tokens", help: "Cached tokens delivered and not predicted.",
      rows.map { (labels: $0.labels.labels, snapshot: $0.metric.under.snapshot()) })
    text.add(
      "kvindexer_prediction_errors_total", .counter, help: "Wrong predictions, by cause.",
      rows.flatMap { row in
        row.metric.causes.all.map { cause, count in
          (
            labels: row.labels.labels + [(name: ErrorCause.labelName, value: cause)],
            value: Double(count.value)
          )
        }
      })
  }

  private func addShadows(_ text: inout MetricsText) {
    let rows = insight.comparison.shadows.all.map { (labels: $0.labels.labels, $0.metric.figures) }
    func count(_ name: String, _ help: String, _ count: (ShadowFigures) -> Int) {
      text.add(
        "kvindexer_shadow_\(name)_total", .counter, help: help,
        rows.map { (labels: $0.labels, value: Double(count($0.1))) })
    }
    count("delivered_requests", "Requests whose delivery was told.") { $0.requests }
    count("prompt_tokens", "Tokens of their prompts.") { $0.promptTokens }
    count("delivered_tokens", "Cached tokens that engines told of them.") { $0.deliveredTokens }
    func compare(_ name: String, _ help: String, _ count: (ShadowFigures.Side) -> Int) {
      text.add(
        "kvindexer_shadow_\(name)_total", .counter, help: help,
        rows.flatMap { labels, figures in
          Decision.Predictor.allCases.map { predictor in
            (
              labels: labels + [
                (name: Decision.Predictor.labelName, value: predictor.rawValue)
              ],
              value: Double(count(figures[predictor]))
            )
          }
        })
    }
    compare("requests", "Of those requests, the ones that were predicted.") { $0.requests }
    compare("predicted_tokens", "Cached tokens predicted of them.") { $0.predictedTokens }
    compare("over_tokens", "Cached tokens predicted and not delivered.") { $0.overTokens }
    compare("under_tokens", "Cached tokens delivered and not predicted.") { $0.underTokens }
    compare("wrong_requests", "Requests predicted wrongly.") { $0.wrongRequests }
    compare("regret_tokens", "Cached tokens that a better choice would have had.") {
      $0.regretTokens
    }
    text.add(
      "kvindexer_shadow_predictions_total",
      help: "Precise predictions beside approximate routing, by whether they were in time.",
      insight.comparison.beside)
  }
}

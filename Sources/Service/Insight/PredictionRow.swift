/// How good the predictions were that requests to one endpoint were sent by.
final class PredictionRow: Sendable {
  /// Upper bounds of errors, in tokens; the first bucket holds nothing but 0.
  private static let errorTokens: [Double] = [0, 16, 64, 256, 1024, 4096, 16384, 65536]

  let requests = Counter()
  let promptTokens = Counter()
  let predictedTokens = Counter()
  let deliveredTokens = Counter()
  let over = Histogram(bounds: errorTokens)
  let under = Histogram(bounds: errorTokens)
  let causes = Labelled<ErrorCause, Counter> { Counter() }

  func add(_ delivery: Decision.Delivery, predicted: Int, promptTokens tokens: Int) {
    requests.add()
    promptTokens.add(tokens)
    predictedTokens.add(predicted)
    deliveredTokens.add(delivery.cachedTokens)
    over.observe(Double(max(predicted - delivery.cachedTokens, 0)))
    under.observe(Double(max(delivery.cachedTokens - predicted, 0)))
  }
}

/// An endpoint, as predictions are counted by it.
struct PredictionLabels: LabelSet {
  var endpoint: String

  static var other: PredictionLabels { PredictionLabels(endpoint: "other") }

  var labels: MetricsText.Labels { [(name: "endpoint", value: endpoint)] }
}

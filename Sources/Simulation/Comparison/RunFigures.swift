/// What is kept of a run.
package struct RunFigures: Sendable, Equatable {
  package var hitRatio: Double
  package var tokenHitRatio: Double
  package var predictionError: Double?
  /// Predicted less delivered blocks, where more was predicted, per block; nil without predictions.
  package var overPrediction: Double?
  package var imbalance: Double
  package var firstTokenMean: Double
  package var firstTokenP50: Double
  package var firstTokenP90: Double
  package var firstTokenP99: Double

  /// The summary of a result.
  package init(_ result: RunResult) {
    hitRatio = result.hitRatio
    tokenHitRatio = result.tokenHitRatio
    predictionError = result.predictionError
    overPrediction =
      result.predictedOf > 0 ? Double(result.overBlocks) / Double(result.predictedOf) : nil
    imbalance = result.imbalance
    firstTokenMean = result.meanFirstTokenSeconds
    firstTokenP50 = result.firstTokenSeconds(quantile: 0.5)
    firstTokenP90 = result.firstTokenSeconds(quantile: 0.9)
    firstTokenP99 = result.firstTokenSeconds(quantile: 0.99)
  }
}

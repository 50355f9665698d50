/// What one run of a simulation came to.
package struct RunResult: Sendable, Equatable {
  /// Requests whose first token came.
  package var requests = 0
  package var blocks = 0
  /// Blocks that engines reused.
  package var deliveredBlocks = 0
  package var promptTokens = 0
  package var deliveredTokens = 0
  /// Blocks of the requests of which something was predicted.
  package var predictedOf = 0
  package var predictedBlocks = 0
  /// Blocks by which predictions were too high, and too low.
  package var overBlocks = 0
  package var underBlocks = 0
  /// Tokens that each engine computed.
  package var computedTokens: [Int] = []
  /// Seconds from the arrival to the first token, ascending.
  package var firstTokenSeconds: [Float] = []

  /// Share of the blocks that engines reused.
  package var hitRatio: Double { ratio(deliveredBlocks, blocks) }
  package var tokenHitRatio: Double { ratio(deliveredTokens, promptTokens) }

  /// Mean of |predicted − delivered| per block; nil where nothing was predicted.
  package var predictionError: Double? {
    predictedOf > 0 ? ratio(overBlocks + underBlocks, predictedOf) : nil
  }

  /// How much more the busiest engine computed than the mean one.
  package var imbalance: Double {
    let total = computedTokens.reduce(0, +)
    guard total > 0, let most = computedTokens.max() else { return 1 }
    return Double(most) * Double(computedTokens.count) / Double(total)
  }

  package var meanFirstTokenSeconds: Double {
    firstTokenSeconds.reduce(0) { $0 + Double($1) } / Double(max(firstTokenSeconds.count, 1))
  }

  /// A quantile of the times to first token; 0 without requests.
  package func firstTokenSeconds(quantile: Double) -> Double {
    guard !firstTokenSeconds.isEmpty else { return 0 }
    let index = Int(quantile * Double(firstTokenSeconds.count))
    return Double(firstTokenSeconds[min(index, firstTokenSeconds.count - 1)])
  }

  private func ratio(_ part: Int, _ whole: Int) -> Double {
    whole > 0 ? Double(part) / Double(whole) : 0
  }
}

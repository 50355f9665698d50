/// What both ways of predicting made of some requests.
package struct ShadowFigures: Sendable, Equatable {
  /// One way of predicting.
  package struct Side: Sendable, Equatable {
    /// Those that it predicted.
    package var requests = 0
    /// Of those requests.
    package var promptTokens = 0
    package var predictedTokens = 0
    /// Predicted and not delivered.
    package var overTokens = 0
    /// Delivered and not predicted.
    package var underTokens = 0
    package var wrongRequests = 0
    /// Of sending each request where it rated highest, as far as that is known.
    package var regretTokens = 0

    package init() {}

    package var absoluteErrorTokens: Int { overTokens + underTokens }

    /// Predicted tokens a token of prompts; nil before the first prompt.
    package var hitRatio: Double? {
      promptTokens > 0 ? Double(predictedTokens) / Double(promptTokens) : nil
    }

    fileprivate func combined(with other: Side, by operation: (Int, Int) -> Int) -> Side {
      var result = Side()
      result.requests = operation(requests, other.requests)
      result.promptTokens = operation(promptTokens, other.promptTokens)
      result.predictedTokens = operation(predictedTokens, other.predictedTokens)
      result.overTokens = operation(overTokens, other.overTokens)
      result.underTokens = operation(underTokens, other.underTokens)
      result.wrongRequests = operation(wrongRequests, other.wrongRequests)
      result.regretTokens = operation(regretTokens, other.regretTokens)
      return result
    }
  }

  /// Requests whose delivery was told.
  package var requests = 0
  package var promptTokens = 0
  package var deliveredTokens = 0
  package var precise = Side()
  package var approximate = Side()

  package init() {}

  /// Delivered tokens a token of prompts; nil before the first prompt.
  package var hitRatio: Double? {
    promptTokens > 0 ? Double(deliveredTokens) / Double(promptTokens) : nil
  }

  package subscript(predictor: Decision.Predictor) -> Side {
    get {
      switch predictor {
      case .precise: precise
      case .approximate: approximate
      }
    }
    set {
      switch predictor {
      case .precise: precise = newValue
      case .approximate: approximate = newValue
      }
    }
  }

  private func combined(with other: Self, by operation: (Int, Int) -> Int) -> Self {
    var result = Self()
    result.requests = operation(requests, other.requests)
    result.promptTokens = operation(promptTokens, other.promptTokens)
    result.deliveredTokens = operation(deliveredTokens, other.deliveredTokens)
    result.precise = precise.combined(with: other.precise, by: operation)
    result.approximate = approximate.combined(with: other.approximate, by: operation)
    return result
  }

  static func += (left: inout Self, right: Self) { left = left.combined(with: right, by: +) }
  static func - (left: Self, right: Self) -> Self { left.combined(with: right, by: -) }
}

extension ShadowFigures {
  /// Those of one request whose delivery was told.
  init(_ decision: Decision, _ delivery: Decision.Delivery) {
    requests = 1
    promptTokens = delivery.promptTokens ?? decision.promptTokens
    deliveredTokens = delivery.cachedTokens
    for predictor in Decision.Predictor.allCases {
      guard let judgement = decision.judgement(of: predictor) else { continue }
      var side = Side()
      side.requests = 1
      side.promptTokens = promptTokens
      side.predictedTokens = judgement.predictedTokens
      side.overTokens = max(judgement.predictedTokens - deliveredTokens, 0)
      side.underTokens = max(deliveredTokens - judgement.predictedTokens, 0)
      side.wrongRequests = judgement.predictedTokens == deliveredTokens ? 0 : 1
      side.regretTokens = judgement.regretTokens ?? 0
      self[predictor] = side
    }
  }
}

/// What was delivered by one endpoint for one model, and what each way of predicting made of it.
final class ShadowRow: Sendable {
  /// One way of predicting, over the requests that it predicted.
  final class Side: Sendable {
    let requests = Counter()
    let promptTokens = Counter()
    let predictedTokens = Counter()
    let overTokens = Counter()
    let underTokens = Counter()
    let wrongRequests = Counter()
    let regretTokens = Counter()

    func add(_ judgement: Decision.Judgement, promptTokens tokens: Int, delivered: Int) {
      requests.add()
      promptTokens.add(tokens)
      predictedTokens.add(judgement.predictedTokens)
      overTokens.add(max(judgement.predictedTokens - delivered, 0))
      underTokens.add(max(delivered - judgement.predictedTokens, 0))
      if judgement.predictedTokens != delivered { wrongRequests.add() }
      regretTokens.add(judgement.regretTokens ?? 0)
    }
  }

  let requests = Counter()
  let promptTokens = Counter()
  let deliveredTokens = Counter()
  let sides = Labelled<Decision.Predictor, Side> { Side() }

  var snapshot: ShadowFigures {
    var figures = ShadowFigures()
    figures.requests = requests.value
    figures.promptTokens = promptTokens.value
    figures.deliveredTokens = deliveredTokens.value
    figures.precise = ShadowFigures.Side(sides[.precise])
    figures.approximate = ShadowFigures.Side(sides[.approximate])
    return figures
  }
}

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

    static func += (left: inout Side, right: Side) {
      left.requests += right.requests
      left.promptTokens += right.promptTokens
      left.predictedTokens += right.predictedTokens
      left.overTokens += right.overTokens
      left.underTokens += right.underTokens
      left.wrongRequests += right.wrongRequests
      left.regretTokens += right.regretTokens
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

  static func += (left: inout ShadowFigures, right: ShadowFigures) {
    left.requests += right.requests
    left.promptTokens += right.promptTokens
    left.deliveredTokens += right.deliveredTokens
    left.precise += right.precise
    left.approximate += right.approximate
  }
}

extension ShadowFigures.Side {
  fileprivate init(_ side: ShadowRow.Side) {
    requests = side.requests.value
    promptTokens = side.promptTokens.value
    predictedTokens = side.predictedTokens.value
    overTokens = side.overTokens.value
    underTokens = side.underTokens.value
    wrongRequests = side.wrongRequests.value
    regretTokens = side.regretTokens.value
  }
}

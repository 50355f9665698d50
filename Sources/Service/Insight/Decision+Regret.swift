/// What a decision cost, measured in cached tokens.
///
/// *Truth* of a candidate: what it would have delivered. Of the one that the request went to that is
/// what it did deliver; of any other what its exact events said; of one without exact events it is
/// not known. *Regret* of a choice: the best truth less the truth of the chosen one. It is not known
/// where nothing but the delivery is.
extension Decision {
  /// A way of predicting, whether requests were routed by it or not.
  package enum Predictor: String, MetricLabel, CaseIterable {
    case precise, approximate
    package static let labelName = "predictor"
  }

  /// What a predictor made of a request that was delivered.
  struct Judgement: Equatable, Sendable {
    /// What it predicted for where the request went.
    var predictedTokens: Int
    /// Of sending the request where it rated highest; nil where that is not known.
    var regretTokens: Int?
  }

  private func truth(of index: Int) -> Int? {
    if index == picked, let delivery { return delivery.cachedTokens }
    return candidates[index].preciseTokens.map { Int($0) }
  }

  private var isTruthKnown: Bool {
    candidates.count == 1 || candidates.contains { $0.preciseTokens != nil }
  }

  /// The candidate that holds most, as far as that is known; where several do, the picked one.
  package var best: (candidate: Candidate, tokens: Int)? {
    var best: (index: Int, tokens: Int)?
    for index in candidates.indices {
      let tokens = truth(of: index) ?? Int(candidates[index].predictedTokens)
      if let found = best, tokens < found.tokens || tokens == found.tokens && index != picked {
        continue
      }
      best = (index, tokens)
    }
    return best.map { (candidates[$0.index], $0.tokens) }
  }

  /// The regret of the pick.
  package var regretTokens: Int? { picked.flatMap { regret(of: $0) } }

  private func regret(of index: Int) -> Int? {
    guard delivery != nil, isTruthKnown, let own = truth(of: index) else { return nil }
    let best = candidates.indices.compactMap { truth(of: $0) }.max() ?? own
    return best - own
  }

  /// What a predictor made of it; nil without its prediction, or before the delivery.
  func judgement(of predictor: Predictor) -> Judgement? {
    guard let picked, delivery != nil, let predicted = candidates[picked].tokens(by: predictor)
    else { return nil }
    var first = (index: picked, tokens: predicted)
    for index in candidates.indices {
      guard let tokens = candidates[index].tokens(by: predictor), tokens > first.tokens else {
        continue
      }
      first = (index, tokens)
    }
    return Judgement(predictedTokens: predicted, regretTokens: regret(of: first.index))
  }
}

extension Decision.Candidate {
  func tokens(by predictor: Decision.Predictor) -> Int? {
    switch predictor {
    case .precise: preciseTokens.map { Int($0) }
    case .approximate: approximateTokens.map { Int($0) }
    }
  }
}

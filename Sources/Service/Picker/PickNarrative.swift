import EPPScorer

/// A choice in the words of people who ask about it.
struct PickNarrative {
  let choice: Choice
  let plan: SchedulingPlan
  /// Filters by the candidate that they removed.
  let removals: [Int: String]

  private var primary: SchedulingResult.Profile { choice.result.primary }
  private var picked: Int { choice.target.candidate }

  var explanation: PickExplanation {
    PickExplanation(
      profile: primary.name, picked: name(picked), givenUp: givenUp, sentence: sentence,
      candidates: choice.endpoints.indices.map { candidate($0) })
  }

  private func name(_ candidate: Int) -> String { choice.endpoints[candidate].member.name }

  private func predicted(_ candidate: Int) -> Int {
    choice.hit(ofCandidate: candidate).predictedTokens
  }

  /// Where a candidate's scores are; nil for one that was not scored.
  private func position(_ candidate: Int) -> Int? {
    primary.scores.candidates.firstIndex(of: candidate)
  }

  private func candidate(_ index: Int) -> PickExplanation.Candidate {
    let hit = choice.hit(ofCandidate: index)
    let place = position(index)
    return PickExplanation.Candidate(
      endpoint: name(index), predictedTokens: hit.predictedTokens, basis: hit.basis.text,
      filteredBy: place == nil ? removals[index] ?? "a filter" : nil,
      total: place.map { primary.scores.totals[$0] },
      parts: place.map { place in
        primary.scores.scorers.enumerated().map { number, scorer in
          PickExplanation.Part(
            scorer: scorer.name, weight: scorer.weight,
            score: primary.scores.part(number, at: place))
        }
      } ?? [])
  }

  // MARK: What was given up

  private var givenUp: PickExplanation.GivenUp? {
    let best = choice.endpoints.indices.max { predicted($0) < predicted($1) } ?? picked
    guard predicted(best) > predicted(picked) else { return nil }
    return PickExplanation.GivenUp(
      endpoint: name(best), tokens: predicted(best) - predicted(picked), reasons: reasons(best))
  }

  /// Scorers by how far they prefer the picked one to another, in weighted scores.
  private func reasons(_ other: Int) -> [(scorer: String, weightedDifference: Double)] {
    guard let own = position(picked), let place = position(other) else { return [] }
    let scores = primary.scores
    return scores.scorers.enumerated()
      .map { number, scorer in
        (
          scorer.name,
          scorer.weight * (scores.part(number, at: own) - scores.part(number, at: place))
        )
      }
      .filter { $0.1 > 0 }
      .sorted { $0.1 > $1.1 }
      .map { (scorer: $0.0, weightedDifference: $0.1) }
  }

  // MARK: In a sentence

  private var sentence: String {
    let totals = primary.scores.totals
    let own = position(picked).map { totals[$0] } ?? 0
    guard totals.count > 1 else {
      let others = choice.endpoints.count - 1
      return others == 0
        ? "It goes to \(name(picked)), the only endpoint that can take it."
        : "It goes to \(name(picked)), the only endpoint of \(others + 1) that the filters leave."
    }
    let score = Self.text(own)
    if let best = totals.max(), own < best {
      return "It goes to \(name(picked)), drawn by '\(pickerName)' with a score of \(score); the "
        + "highest is \(Self.text(best)). Another draw may differ."
    }
    let equal = totals.count { $0 == own } - 1
    return equal == 0
      ? "It goes to \(name(picked)), whose score of \(score) is the highest of \(totals.count)."
      : "It goes to \(name(picked)), one of \(equal + 1) with the highest score, \(score); which one "
        + "is drawn."
  }

  private var pickerName: String {
    plan.profiles.first { $0.name == primary.name }?.picker.name ?? primary.name
  }

  /// A score with three decimals.
  private static func text(_ score: Double) -> String {
    let thousandths = Int((score * 1000).rounded())
    let digits = String(abs(thousandths % 1000))
    return "\(thousandths < 0 ? "-" : "")\(abs(thousandths) / 1000)."
      + String(repeating: "0", count: 3 - digits.utf8.count) + digits
  }
}

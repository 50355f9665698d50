import EPPScorer
package import Tokenize

/// Says what a picker would do with a prompt now, without doing it.
package protocol PickExplainer: Sendable {
  /// - Parameter input: What `prompt` was resolved from.
  func explain(_ prompt: ResolvedPrompt, from input: PromptInput) -> PickExplanation
}

/// What a picker would do with a prompt, and why.
package struct PickExplanation: Sendable, Equatable {
  /// What one scorer of the profile says of a candidate.
  package struct Part: Sendable, Equatable {
    package var scorer: String
    package var weight: Double
    /// In [0, 1], before its weight.
    package var score: Double
  }

  package struct Candidate: Sendable, Equatable {
    /// As answers name it.
    package var endpoint: String
    /// Tokens that it is expected to reuse.
    package var predictedTokens: Int
    /// What that rests on, as `x-kvindexer-prediction` says it.
    package var basis: String
    /// The filter, or the other reason, that kept it from being scored; nil when it was scored.
    package var filteredBy: String?
    /// The weighted sum of `parts`; nil when it was not scored.
    package var total: Double?
    package var parts: [Part]
  }

  /// What the pick has less of than another candidate.
  package struct GivenUp: Sendable, Equatable {
    package var endpoint: String
    /// Predicted tokens that the pick lacks.
    package var tokens: Int
    /// Scorers that outweighed them, the heaviest first, with their weighted differences.
    package var reasons: [(scorer: String, weightedDifference: Double)]

    package static func == (a: Self, b: Self) -> Bool {
      a.endpoint == b.endpoint && a.tokens == b.tokens
        && a.reasons.elementsEqual(b.reasons, by: { $0 == $1 })
    }
  }

  /// The profile that decides where the request goes.
  package var profile: String
  /// The endpoint; nil when the request would go nowhere.
  package var picked: String?
  /// Nil when no candidate holds more than the pick.
  package var givenUp: GivenUp?
  /// In one sentence: where, or why nowhere.
  package var sentence: String
  package var candidates: [Candidate]
}

/// Where a picker that is made after the API makes itself known to it.
final class PickExplainerSlot: @unchecked Sendable {
  private let lock = Lock()
  private var explainer: (any PickExplainer)?

  var current: (any PickExplainer)? { lock.withLock { explainer } }

  func set(_ explainer: any PickExplainer) { lock.withLock { self.explainer = explainer } }
}

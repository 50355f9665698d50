import KVIndexer
import Tokenize

/// Why endpoints would reuse what they would of a prompt, and what a picker would do with it.
struct PromptExplanation {
  /// One endpoint, by its rank that would reuse most.
  struct Endpoint {
    var member: FleetMembership.Member
    /// Nil for an endpoint that is not followed, or whose part of the index does not serve the model.
    var rank: SourceExplanation?
    /// What the picker says of it.
    var candidate: PickExplanation.Candidate?
  }

  var prompt: ResolvedPrompt
  /// Whether the prompt is told apart by a cache salt.
  var isSalted: Bool
  var endpoints: [Endpoint]
  /// Nil without a picker in this process.
  var pick: PickExplanation?
  /// When it was made, as the index tells the time.
  var time: CoarseTime

  /// Tokens a block of the endpoints that have announced some.
  var blockSize: Int? { endpoints.lazy.compactMap { $0.rank?.blockSize }.first }

  /// Why tokens are not known or do not count; nil when they do.
  var unusable: String? { prompt.prompts.isEmpty || !prompt.readsCache ? prompt.reason : nil }
}

/// Makes explanations; a value of what that takes.
struct PromptExplainer: Sendable {
  let fleet: SharedFleet
  let membership: FleetMembership

  /// Looks up one prompt for all endpoints of its model, and under the other names it may have.
  ///
  /// - Parameter candidates: Endpoints to answer for; nil: all.
  func explain(
    _ prompt: ResolvedPrompt, candidates: Set<String>?, pick: PickExplanation?
  ) -> PromptExplanation {
    var explained: [SourceExplanation] = []
    let text = prompt.prompts.first
    if prompt.readsCache, let text { explained = explain(text, prompt) }
    let isSalted = !(text?.cacheSalt ?? "").isEmpty
    let endpoints = membership.members.compactMap { member -> PromptExplanation.Endpoint? in
      guard candidates?.contains(member.name) ?? true else { return nil }
      let ids = member.sources.map(\.id)
      let ranks = explained.filter { ids.contains($0.source) }
      let serves = member.model.isEmpty || member.model == prompt.model
      guard serves || !ranks.isEmpty else { return nil }
      return PromptExplanation.Endpoint(
        member: member, rank: Self.best(ranks) ?? state(of: member),
        candidate: pick?.candidates.first { $0.endpoint == member.name })
    }
    return PromptExplanation(
      prompt: prompt, isSalted: isSalted, endpoints: endpoints, pick: pick,
      time: fleet.read { $0.time })
  }

  private func explain(_ text: RenderedPrompt, _ prompt: ResolvedPrompt) -> [SourceExplanation] {
    var matches = FleetMatches()
    let keys = fleet.keys(of: text, model: prompt.model, lora: prompt.lora)
    var found = fleet.read { $0.explain(keys, model: prompt.model, matches: &matches) }
    // With everything reused everywhere there is nothing to look for under other names.
    guard found.contains(where: { $0.missing != nil }) else { return found }
    for (name, text) in otherNames(of: text, prompt) {
      let keys = fleet.keys(of: text, model: name.model, lora: name.lora)
      fleet.read { $0.consider(name, keys, in: &found, matches: &matches) }
    }
    return found
  }

  /// The same tokens without their salt, for other adapters, and for other models.
  private func otherNames(
    of text: RenderedPrompt, _ prompt: ResolvedPrompt
  ) -> [(name: PromptNamespace, text: RenderedPrompt)] {
    let isSalted = !(text.cacheSalt ?? "").isEmpty
    var found: [(name: PromptNamespace, text: RenderedPrompt)] = []
    if isSalted {
      var plain = text
      plain.cacheSalt = nil
      let name = PromptNamespace(model: prompt.model, lora: prompt.lora, blockSize: 0)
      found.append((name, plain))
    }
    let others = fleet.read { $0.otherNames(model: prompt.model, lora: prompt.lora) }
    for other in others {
      let name = PromptNamespace(
        model: other.model, lora: other.lora, blockSize: 0, isSalted: isSalted)
      found.append((name, text))
    }
    return found
  }

  /// The rank that reuses most, the first of several.
  private static func best(_ ranks: [SourceExplanation]) -> SourceExplanation? {
    ranks.max {
      ($0.match.matchedTokens, $1.match.rank) < ($1.match.matchedTokens, $0.match.rank)
    }
  }

  /// An endpoint's first rank as it is without a prompt to look up.
  private func state(of member: FleetMembership.Member) -> SourceExplanation? {
    member.sources.first.flatMap { source in fleet.read { $0.explanation(of: source.id) } }
  }
}

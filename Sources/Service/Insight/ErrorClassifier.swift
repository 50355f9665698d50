import EPPScorer
import KVIndexer

/// Finds out why a prediction was wrong, from what the index has learnt since.
struct ErrorClassifier: Sendable {
  let fleet: SharedFleet

  /// Why more or less was delivered than was predicted; nil when it was not.
  ///
  /// `.unknown` may become another cause when events that are under way have arrived.
  func cause(of decision: Decision, _ evidence: PredictionEvidence?) -> ErrorCause? {
    guard let error = decision.errorTokens, error != 0, let target = decision.target,
      let picked = decision.picked
    else { return nil }
    switch target.basis {
    case .precise(.exact): break
    case .precise, .approximate(.notExact): return .sourceNotExact
    case .approximate(.noTokens): return .estimatedTokens
    case .approximate(.noEvents), .approximate(.noAnswer), .unknown: return .notFollowed
    case .approximate(.configured):
      return decision.tokensFrom == nil ? .estimatedTokens : .notFollowed
    }
    guard let evidence, let delivered = decision.delivery?.cachedTokens else { return .unknown }
    let member = evidence.members[picked]
    let predicted = Int(target.predictedTokens)
    if isEmptied(member, since: decision.madeAt) { return .emptied }
    if error > 0 {
      return holds(delivered, of: evidence.prompt, member) ? .eventsLagging : .unknown
    }
    if isLost(at: delivered, of: evidence.prompt, member, since: decision.madeAt) {
      return .evictedSince
    }
    return delivered >= predicted - Int(target.reservedTokens)
      ? .reservationUnfulfilled : .unknown
  }

  /// Whether an endpoint holds so many tokens of a prompt by now.
  private func holds(
    _ tokens: Int, of prompt: HashedPrompt, _ member: FleetMembership.Member
  ) -> Bool {
    var matches = FleetMatches()
    return fleet.read { fleet in
      fleet.match(prompt.keys, model: member.model, into: &matches)
      return member.sources.contains { (matches[$0.id]?.matchedTokens ?? 0) >= tokens }
    }
  }

  /// Whether one of an endpoint's sources has lost all that it held.
  private func isEmptied(_ member: FleetMembership.Member, since: UInt64) -> Bool {
    fleet.read { fleet in member.sources.contains { fleet.isEmptied($0.id, since: since) } }
  }

  /// Whether an endpoint has lost the first block that was not delivered.
  private func isLost(
    at tokens: Int, of prompt: HashedPrompt, _ member: FleetMembership.Member, since: UInt64
  ) -> Bool {
    fleet.read { fleet in
      guard let namespace = try? fleet.namespace(ofEndpoint: member.name),
        let key = prompt.keys.key(ofBlock: tokens / namespace.blockSize, in: namespace)
      else { return false }
      return member.sources.contains { fleet.loss(of: key, source: $0.id, since: since) != nil }
    }
  }
}

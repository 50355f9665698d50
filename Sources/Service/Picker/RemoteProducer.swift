import EPPScorer
import KVIndexer
import Tokenize

/// Prefix hits from another process's indexer, which also gets the prompt's tokens.
struct RemoteProducer: Sendable {
  let indexer: RemoteIndexer
  let weights: TierWeights
  let countsReservations: Bool

  /// Asks; `completion` is called once, by the deadline.
  func ask(
    _ request: ParsedRequest, deadline: UInt64,
    completion: @escaping @Sendable (PromptFindings) -> Void
  ) {
    guard let inference = request.inference else { return completion(.none(.noTokens)) }
    var query = RemoteQuery(.body(inference.api, request.gateway.body))
    if request.targetModel != request.clientModel { query.model = request.targetModel }
    indexer.score(query, deadline: deadline) { result in
      switch result {
      case .success(let score): completion(.scored(score))
      case .failure: completion(.none(.noAnswer))
      }
    }
  }

  /// What the answer says of each endpoint; basis `.unknown` for one that it does not name.
  func hits(_ score: RemoteScore, on endpoints: [PickerEndpoint]) -> [PrefixHit] {
    let byName = Dictionary(score.endpoints.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    return endpoints.map { endpoint in
      guard let found = byName[endpoint.member.name], let trust = found.trust else {
        return .unknown
      }
      let blockSize = max(found.blockSize ?? 1, 1)
      return PrefixHit(
        basis: .precise(trust), matchedTokens: found.matchedTokens,
        weightedTokens: weights.weighted(found.matchedTokens, found.tierTokens),
        reservedTokens: countsReservations ? found.reservedTokens : 0,
        blockTokens: score.promptTokens / blockSize * blockSize)
    }
  }
}

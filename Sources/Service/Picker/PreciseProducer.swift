import EPPScorer
import KVIndexer
import Tokenize

/// Prefix hits from the index in this process.
struct PreciseProducer: Sendable {
  let fleet: SharedFleet
  let parameters: PrecisePrefixCacheProducer
  private var weights: TierWeights { TierWeights(weights: parameters.tierWeights) }

  /// What each endpoint holds of a request's prompts; sums where there are several.
  ///
  /// Of several data-parallel ranks the one that holds most counts.
  ///
  /// - Returns: One an endpoint, of basis `.unknown` for one without event sources; and the keys of
  ///   each prompt.
  func hits(
    _ prompt: ResolvedPrompt, on endpoints: [PickerEndpoint]
  ) -> (hits: [PrefixHit], keys: [HashedPrompt]) {
    var hits = Array(repeating: PrefixHit.unknown, count: endpoints.count)
    var hashed: [HashedPrompt] = []
    var matches = FleetMatches()
    for text in prompt.prompts {
      let keys = HashedPrompt(fleet.keys(of: text, model: prompt.model, lora: prompt.lora))
      hashed.append(keys)
      fleet.read { $0.match(keys.keys, model: prompt.model, into: &matches) }
      for (index, endpoint) in endpoints.enumerated() {
        guard let best = Self.best(of: endpoint, matches) else { continue }
        add(best, of: text, reads: prompt.readsCache, to: &hits[index])
      }
    }
    return (hits, hashed)
  }

  private static func best(
    of endpoint: PickerEndpoint, _ matches: borrowing FleetMatches
  ) -> PrefixMatch? {
    var best: PrefixMatch?
    for source in endpoint.member.sources {
      guard let match = matches[source.id] else { continue }
      if best.map({ match.matchedTokens > $0.matchedTokens }) ?? true { best = match }
    }
    return best
  }

  /// - Parameter reads: Whether the engine will look for cached blocks; if not, it finds none.
  private func add(
    _ match: PrefixMatch, of prompt: RenderedPrompt, reads: Bool, to hit: inout PrefixHit
  ) {
    let blockSize = match.blockSize ?? parameters.blockSizeTokens ?? 16
    hit.blockTokens += prompt.tokens.count / blockSize * blockSize
    // One doubtful source makes the sum doubtful.
    if case .precise(let trust) = hit.basis, trust != .exact {
      hit.basis = .precise(trust)
    } else {
      hit.basis = .precise(match.trust)
    }
    guard reads else { return }
    hit.matchedTokens += match.matchedTokens
    hit.weightedTokens += weights.weighted(match.matchedTokens, match.tierTokens)
    if parameters.countsReservations { hit.reservedTokens += match.reservedTokens }
  }

  /// Claims that an endpoint will hold the prompts of a request soon.
  ///
  /// - Parameter hashed: The keys that `hits` gave.
  /// - Returns: Names of the claims that were made, to take them back.
  func reserve(
    _ prompt: ResolvedPrompt, _ hashed: [HashedPrompt], for endpoint: PickerEndpoint,
    named name: String, now: UInt64
  ) -> [String] {
    guard parameters.countsReservations else { return [] }
    let lifetime = parameters.reservationLifetime.map(\.wholeNanoseconds)
    return zip(prompt.prompts, hashed).enumerated().compactMap { index, pair in
      let (text, known) = pair
      let claim = "\(name)/\(index)"
      do throws(ReservationError) {
        let namespace = try fleet.read { fleet throws(ReservationError) in
          try fleet.namespace(ofEndpoint: endpoint.member.name)
        }
        // An endpoint whose block size became known only now was not hashed for.
        let keys =
          known.keys.contains(namespace)
          ? known
          : HashedPrompt(fleet.keys(of: text, lora: prompt.lora, namespaces: [namespace]))
        _ = try fleet.write { fleet throws(ReservationError) in
          try fleet.reserve(
            claim, endpoint: endpoint.member.name, prompt: keys.keys, now: now,
            lifetime: lifetime)
        }
        return claim
      } catch {
        // Nothing to claim with before the first event; a full table counts what it refuses.
        return nil
      }
    }
  }

  func cancel(_ claims: [String]) {
    guard !claims.isEmpty else { return }
    fleet.write { fleet in
      for claim in claims { _ = fleet.cancelReservation(claim) }
    }
  }
}

import EPPScorer
import KVIndexer
import Tokenize

/// `POST /v1/score`: how much of a prompt each endpoint would reuse.
extension IndexerAPI {
  func score(_ request: borrowing HTTPRequest) throws(HTTPError) -> HTTPResponse {
    let start = MonotonicClock.nowNanoseconds()
    do throws(HTTPError) {
      let response = try answer(request, start)
      metrics.scores[.answered].add()
      metrics.scoreLatency.observe(Double(MonotonicClock.nowNanoseconds() &- start) / 1e9)
      return response
    } catch {
      metrics.scores[.rejected].add()
      throw error
    }
  }

  private func answer(
    _ request: borrowing HTTPRequest, _ start: UInt64
  ) throws(HTTPError) -> HTTPResponse {
    let body: ScoreRequest
    do throws(RequestBodyError) {
      body = try ScoreRequest(parsing: request.body)
    } catch {
      throw HTTPError(error)
    }
    let members = membership.members
    let candidates = try candidates(body.endpoints, among: members)
    let model = try resolve(model: body.model, among: members)
    let parsed = MonotonicClock.nowNanoseconds()
    let prompt = PromptKeys(
      tokens: body.tokens, lora: body.lora, extra: extraDigests(cacheSalt: body.cacheSalt),
      namespaces: fleet.read { $0.namespaces(model: model) }, hasher: fleet.hasher)
    let hashed = MonotonicClock.nowNanoseconds()
    var matches = FleetMatches()
    fleet.read { $0.match(prompt, model: model, into: &matches) }
    let matched = MonotonicClock.nowNanoseconds()
    var json = JSONWriter(capacity: 256 + 256 * members.count)
    json.object { json in
      json.field("model", model)
      json.field("prompt_tokens", body.tokens.count)
      json.field("tokens_from", "given")
      json.field("endpoints") { json in
        json.array { json in
          for member in members where candidates?.contains(member.name) ?? true {
            guard member.model.isEmpty || member.model == model else { continue }
            let ranks = member.sources.compactMap { matches[$0.id] }
            Self.write(member, EndpointMatch(endpoint: member.name, ranks: ranks), body, &json)
          }
        }
      }
      json.field("took_us") { json in
        json.object { json in
          json.field("parse", Int(parsed &- start) / 1000)
          json.field("hash", Int(hashed &- parsed) / 1000)
          json.field("match", Int(matched &- hashed) / 1000)
          json.field("total", Int(MonotonicClock.nowNanoseconds() &- start) / 1000)
        }
      }
    }
    return HTTPResponse(json: json)
  }

  private func candidates(
    _ names: [String]?, among members: [FleetMembership.Member]
  ) throws(HTTPError) -> Set<String>? {
    guard let names else { return nil }
    for name in names where !members.contains(where: { $0.name == name }) {
      let nearest = nearestName(to: name, among: members.map(\.name))
      throw .notFound(
        "there is no endpoint '\(name)'" + (nearest.map { "; did you mean '\($0)'?" } ?? ""),
        param: "endpoints")
    }
    return Set(names)
  }

  /// The digests of a prompt's extra keys, by block: a salt belongs to the first one.
  func extraDigests(cacheSalt: String?) -> [UInt64] {
    guard let cacheSalt, !cacheSalt.isEmpty else { return [] }
    var hasher = ExtraKeyHasher(seed: fleet.hasher.seed)
    hasher.add(cacheSalt)
    return [hasher.digest()]
  }

  private static func write(
    _ member: FleetMembership.Member, _ match: EndpointMatch, _ body: ScoreRequest,
    _ json: inout JSONWriter
  ) {
    let best = match.best
    let score = PrefixScore(countsReservations: false)(match, promptTokens: body.tokens.count)
    json.object { json in
      json.field("endpoint", member.name)
      json.field("address", member.configuration.authority)
      json.field("block_size", best?.blockSize)
      json.field("matched_tokens", best?.matchedTokens ?? 0)
      json.field("matched_blocks", best.map { $0.matchedTokens / max($0.blockSize ?? 1, 1) } ?? 0)
      json.field("tiers") { write(best?.tierTokens ?? TierTokens(), &$0) }
      json.field("reserved_tokens", match.reservedTokens)
      json.field("score", score)
      json.field("trust", (best?.trust ?? .connecting).name)
      json.field("reason", best == nil ? noSources : best?.trust.reason)
      if body.detail, !match.ranks.isEmpty {
        json.field("ranks") { json in
          json.array { json in
            for rank in match.ranks { write(rank, &json) }
          }
        }
      }
    }
  }

  private static let noSources = "The endpoint has no KV event source; nothing of it is known."

  private static func write(_ rank: PrefixMatch, _ json: inout JSONWriter) {
    json.object { json in
      json.field("rank", rank.rank)
      json.field("block_size", rank.blockSize)
      json.field("matched_tokens", rank.matchedTokens)
      json.field("tiers") { write(rank.tierTokens, &$0) }
      json.field("trust", rank.trust.name)
      json.field("reason", rank.trust.reason)
    }
  }

  /// Tokens by tier; tiers below the first one only where they hold something.
  private static func write(_ tiers: TierTokens, _ json: inout JSONWriter) {
    json.object { json in
      for tier in Tier.allCases where tier == .gpu || tiers[tier] > 0 {
        json.field(tier.name, tiers[tier])
      }
    }
  }
}

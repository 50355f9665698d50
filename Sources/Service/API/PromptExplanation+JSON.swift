import KVIndexer
import Tokenize

extension PromptExplanation {
  /// Writes the explanation as `POST /v1/explain` gives it.
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("model", prompt.model)
      json.field("prompt_tokens", prompt.tokenCount)
      json.field("tokens_from", prompt.origin.rawValue)
      json.field("reason", prompt.reason)
      json.field("tokens") { json in
        json.object { json in
          json.field("from", prompt.origin.rawValue)
          json.field("by", nil as String?)
          json.field("sentence", origin)
        }
      }
      json.field("block_size", blockSize)
      json.field("full_blocks", blockSize.map { prompt.tokenCount / $0 })
      json.field("usable_blocks", blockSize.map { max(prompt.tokenCount - 1, 0) / $0 })
      json.field("cache_salt", isSalted)
      json.field("lora", prompt.lora)
      json.field("endpoints") { json in
        json.array { json in for endpoint in endpoints { write(endpoint, &json) } }
      }
      json.field("pick") { json in
        if let pick { Self.write(pick, &json) } else { json.null() }
      }
    }
  }

  /// How the prompt became tokens, in one sentence.
  private var origin: String {
    switch prompt.origin {
    case .given: "The request gave token ids."
    case .rendered: "An engine or renderer made token ids of the request."
    case .cached: "An equal request was rendered before, and its token ids were remembered."
    case .estimated: prompt.reason ?? "The number of tokens is estimated from the text."
    }
  }

  private func write(_ endpoint: Endpoint, _ json: inout JSONWriter) {
    let rank = endpoint.rank
    let trust = rank?.match.trust
    json.object { json in
      json.field("endpoint", endpoint.member.name)
      json.field("address", endpoint.member.address)
      json.field("rank", rank?.match.rank)
      json.field("block_size", rank?.blockSize)
      json.field("matched_tokens", rank?.match.matchedTokens ?? 0)
      json.field("matched_blocks", (rank?.match.matchedTokens ?? 0) / (rank?.blockSize ?? 1))
      json.field("tiers") { json in
        json.object { json in
          for tier in Tier.allCases {
            let tokens = rank?.match.tierTokens[tier] ?? 0
            if tier == .gpu || tokens > 0 { json.field(tier.name, tokens) }
          }
        }
      }
      json.field("reserved_tokens", rank?.match.reservedTokens ?? 0)
      json.field("trust", (trust ?? .connecting).name)
      json.field("reason", rank == nil ? EndpointScore.unfollowed : trust?.reason)
      json.field("trust_since_s", tenth: rank.map { $0.trustSince.seconds(until: time) })
      json.field("missing") { writeMissing(of: rank, &$0) }
      Self.write(endpoint.candidate, picked: pick?.picked == endpoint.member.name, &json)
    }
  }

  /// The first block that is not reused, and why.
  private func writeMissing(of rank: SourceExplanation?, _ json: inout JSONWriter) {
    guard let rank else {
      return Self.writeMissing("not_followed", EndpointScore.unfollowed, &json)
    }
    if let unusable { return Self.writeMissing("unknown", unusable, &json) }
    guard let missing = rank.missing else { return json.null() }
    json.object { json in
      json.field("block", missing.block)
      json.field("token", missing.block * (rank.blockSize ?? 1))
      json.field("cause", missing.cause.name)
      let since = missing.cause.since ?? (missing.cause.isTrust ? rank.trustSince : nil)
      json.field("ago_s", tenth: since.map { $0.seconds(until: time) })
      json.field("sentence", rank.sentence(now: time))
      json.field("namespace") { Self.writeNamespace(of: missing.cause, &$0) }
      if case .groupUnusable(let group) = missing.cause {
        json.field("group", group)
      } else {
        json.field("group", nil as Int?)
      }
    }
  }

  private static func writeMissing(
    _ cause: String, _ sentence: String, _ json: inout JSONWriter
  ) {
    json.object { json in
      json.field("block", 0)
      json.field("token", 0)
      json.field("cause", cause)
      json.field("ago_s", tenth: nil)
      json.field("sentence", sentence)
      json.field("namespace") { $0.null() }
      json.field("group", nil as Int?)
    }
  }

  private static func writeNamespace(
    of cause: MissingBlock.Cause, _ json: inout JSONWriter
  ) {
    guard case .otherNamespace(let name, let tokens) = cause else { return json.null() }
    json.object { json in
      json.field("model", name.model.isEmpty ? nil : name.model)
      json.field("lora", name.lora)
      json.field("salted", name.isSalted)
      json.field("matched_tokens", tokens)
    }
  }
}

/// What a picker says.
extension PromptExplanation {
  private static func write(
    _ candidate: PickExplanation.Candidate?, picked: Bool, _ json: inout JSONWriter
  ) {
    json.field("prediction") { json in
      guard let candidate else { return json.null() }
      json.object { json in
        json.field("tokens", candidate.predictedTokens)
        json.field("basis", candidate.basis)
      }
    }
    json.field("score_total") { json in
      if let total = candidate?.total { json.double(total) } else { json.null() }
    }
    json.field("scores") { json in
      json.array { json in
        for part in candidate?.parts ?? [] {
          json.object { json in
            json.field("scorer", part.scorer)
            json.field("weight", part.weight)
            json.field("score", part.score)
          }
        }
      }
    }
    json.field("filtered_by", candidate?.filteredBy)
    json.field("picked", picked)
  }

  private static func write(_ pick: PickExplanation, _ json: inout JSONWriter) {
    json.object { json in
      json.field("endpoint", pick.picked)
      json.field("profile", pick.profile)
      json.field("sentence", pick.sentence)
      json.field("given_up") { json in
        guard let givenUp = pick.givenUp else { return json.null() }
        json.object { json in
          json.field("endpoint", givenUp.endpoint)
          json.field("tokens", givenUp.tokens)
          json.field("for") { json in
            json.array { json in
              for reason in givenUp.reasons {
                json.object { json in
                  json.field("scorer", reason.scorer)
                  json.field("weighted_difference", reason.weightedDifference)
                }
              }
            }
          }
          json.field("sentence", givenUp.sentence)
        }
      }
    }
  }
}

extension PickExplanation.GivenUp {
  fileprivate var sentence: String {
    let names = reasons.map(\.scorer).joined(separator: ", ")
    return "\(endpoint) would reuse \(tokens) tokens more"
      + (names.isEmpty ? "." : "; what speaks against it weighs more: \(names).")
  }
}

extension MissingBlock.Cause {
  fileprivate var isTrust: Bool { if case .sourceNotExact = self { true } else { false } }
}

import KVIndexer
import Tokenize

extension ScoreAnswer {
  /// Writes the answer as `POST /v1/score` gives it.
  func write(to json: inout JSONWriter, detail: Bool) {
    json.object { json in
      json.field("model", model)
      json.field("prompt_tokens", promptTokens)
      json.field("tokens_from", origin.rawValue)
      json.field("partial", isPartial)
      json.field("reason", reason)
      json.field("endpoints") { json in
        json.array { json in
          for endpoint in endpoints { endpoint.write(to: &json, detail: detail) }
        }
      }
      if let tokens { Self.write(tokens, &json) }
      json.field("took_us") { json in
        json.object { json in
          json.field("parse", Int(took.parse / 1000))
          json.field("render", Int(took.render / 1000))
          json.field("hash", Int(took.hash / 1000))
          json.field("match", Int(took.match / 1000))
          json.field("total", Int(took.total / 1000))
        }
      }
    }
  }

  /// One list of token ids, or a list of them when the request has several prompts.
  private static func write(_ prompts: [[TokenID]], _ json: inout JSONWriter) {
    guard prompts.count > 1 else { return json.tokens("tokens", prompts.first ?? []) }
    json.field("tokens") { json in
      json.array { json in
        for tokens in prompts {
          json.array { json in for token in tokens { json.integer(Int(token)) } }
        }
      }
    }
  }

  /// Bytes that the answer takes in JSON, about.
  var likelyBytes: Int {
    512 + 320 * endpoints.count + 7 * (tokens?.reduce(0) { $0 + $1.count } ?? 0)
  }
}

extension EndpointScore {
  fileprivate func write(to json: inout JSONWriter, detail: Bool) {
    json.object { json in
      json.field("endpoint", member.name)
      json.field("address", member.address)
      json.field("block_size", blockSize)
      json.field("matched_tokens", matchedTokens)
      json.field("matched_blocks", matchedBlocks)
      json.field("tiers") { Self.write(tierTokens, &$0) }
      json.field("reserved_tokens", reservedTokens)
      json.field("score", score)
      json.field("trust", (trust ?? .connecting).name)
      json.field("reason", reason)
      if detail, !ranks.isEmpty {
        json.field("ranks") { json in
          json.array { json in for rank in ranks { Self.write(rank, &json) } }
        }
      }
    }
  }

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

import Tokenize

/// `GET /v1/decisions`: which requests went where, why, and what came of it.
extension IndexerAPI {
  /// Decisions that one answer tells of, at most.
  private static let decisionsMax = 1000

  func decisions(_ request: borrowing HTTPRequest) throws(HTTPError) -> HTTPResponse {
    var query = DecisionLog.Query()
    query.limit = Int(
      try Self.number("limit", of: request, in: 1...UInt64(Self.decisionsMax)) ?? 50)
    query.before = try Self.number("before", of: request, in: 0...UInt64.max)
    query.since = try Self.number("since", of: request, in: 0...UInt64.max - 1)
    query.endpoint = request.query("endpoint")
    query.model = request.query("model")
    let showsBlocks = try Self.flag("blocks", of: request)
    let page = insight.log.page(query)
    var json = JSONWriter(capacity: 1024 * max(page.decisions.count, 1))
    json.object { json in
      json.field("decisions") { json in
        json.array { json in
          for decision in page.decisions { decision.write(to: &json, blocks: showsBlocks) }
        }
      }
      json.field("next", page.next.map { Int($0) })
      json.field("kept", page.kept)
      json.field("forgotten", page.forgotten)
    }
    return HTTPResponse(json: json)
  }

  private static func number(
    _ name: String, of request: borrowing HTTPRequest, in range: ClosedRange<UInt64>
  ) throws(HTTPError) -> UInt64? {
    guard let text = request.query(name) else { return nil }
    guard let value = UInt64(text), range.contains(value) else {
      throw .invalidRequest(
        "\(name): expected a number from \(range.lowerBound) to \(range.upperBound), not '\(text)'",
        param: name)
    }
    return value
  }

  private static func flag(
    _ name: String, of request: borrowing HTTPRequest
  ) throws(HTTPError) -> Bool {
    switch request.query(name) {
    case nil, "false": return false
    case "", "true": return true
    case let text?:
      throw .invalidRequest("\(name): expected true or false, not '\(text)'", param: name)
    }
  }
}

extension Decision {
  /// Writes the decision as `GET /v1/decisions` gives it.
  func write(to json: inout JSONWriter, blocks showsBlocks: Bool) {
    json.object { json in
      json.field("id", Int(id))
      json.field("time", time)
      json.field("request_id", requestID)
      json.field("model", model)
      json.field("endpoint", target?.endpoint)
      json.field("status", status.rawValue)
      json.field("prompt_tokens", promptTokens)
      json.field("tokens_from", (tokensFrom ?? .estimated).rawValue)
      json.field("basis", basis)
      json.field("predicted_tokens", target.map { Int($0.predictedTokens) })
      json.field("precise_tokens", target?.tokens(by: .precise))
      json.field("approximate_tokens", target?.tokens(by: .approximate))
      json.field("delivered_tokens", delivery?.cachedTokens)
      json.field("delivered_prompt_tokens", delivery?.promptTokens)
      json.field("output_tokens", delivery?.outputTokens)
      json.field("ttft_ms") { json in
        if let seconds = delivery?.firstTokenSeconds {
          json.double(seconds * 1000)
        } else {
          json.null()
        }
      }
      json.field("regret_tokens", regretTokens)
      json.field("best_endpoint", best?.candidate.endpoint)
      json.field("best_tokens", best?.tokens)
      json.field("error_cause", cause?.rawValue)
      json.field("decision_us", Int(nanoseconds / 1000))
      json.field("candidates") { json in
        json.array { json in
          for index in shownCandidates {
            candidates[index].write(to: &json, isPicked: index == picked)
          }
        }
      }
      if showsBlocks { write(blocks, to: &json) }
    }
  }

  /// Indices of the best candidates and of the picked one: all are kept of what others may route.
  private var shownCandidates: [Int] {
    let best = candidates.indices.prefix(CandidateShortlist.candidatesMax)
    guard let picked, !best.contains(picked) else { return Array(best) }
    return best.dropLast() + [picked]
  }

  private func write(_ hashes: [UInt64], to json: inout JSONWriter) {
    json.field("blocks") { json in
      json.array { json in
        for hash in hashes {
          let digits = String(hash, radix: 16)
          json.string(String(repeating: "0", count: 16 - digits.utf8.count) + digits)
        }
      }
    }
  }
}

extension Decision.Candidate {
  fileprivate func write(to json: inout JSONWriter, isPicked: Bool) {
    json.object { json in
      json.field("endpoint", endpoint)
      json.field("predicted_tokens", Int(predictedTokens))
      json.field("precise_tokens", tokens(by: .precise))
      json.field("approximate_tokens", tokens(by: .approximate))
      json.field("score") { json in
        if let score { json.double(score) } else { json.null() }
      }
      json.field("picked", isPicked)
    }
  }
}

import Tokenize

/// `GET /v1/comparison`: precise and approximate prediction, each against what was delivered.
extension IndexerAPI {
  func comparison() -> HTTPResponse {
    let comparison = insight.comparison
    let snapshot = comparison.snapshot()
    var json = JSONWriter(capacity: 1024 + 768 * snapshot.rows.count)
    json.object { json in
      json.field("since", comparison.since)
      json.field("routing", comparison.routing.rawValue)
      json.field("total") { json in json.object { snapshot.total.write(to: &$0) } }
      json.field("rows") { json in
        json.array { json in
          for row in snapshot.rows {
            json.object { json in
              json.field("model", row.model)
              json.field("endpoint", row.endpoint)
              row.figures.write(to: &json)
            }
          }
        }
      }
      json.field("causes") { json in
        json.object { json in
          for cause in ErrorCause.allCases {
            if let count = snapshot.causes[cause] { json.field(cause.rawValue, count) }
          }
        }
      }
    }
    return HTTPResponse(json: json)
  }
}

extension ShadowFigures {
  /// Writes the fields of an object.
  fileprivate func write(to json: inout JSONWriter) {
    json.field("requests", requests)
    json.field("prompt_tokens", promptTokens)
    json.field("delivered_tokens", deliveredTokens)
    json.ratio("hit_ratio", hitRatio)
    json.field("precise") { precise.write(to: &$0) }
    json.field("approximate") { approximate.write(to: &$0) }
  }
}

extension ShadowFigures.Side {
  fileprivate func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("requests", requests)
      json.field("predicted_tokens", predictedTokens)
      json.ratio("hit_ratio", hitRatio)
      json.field("absolute_error_tokens", absoluteErrorTokens)
      json.field("over_tokens", overTokens)
      json.field("under_tokens", underTokens)
      json.field("wrong_requests", wrongRequests)
      json.field("regret_tokens", regretTokens)
    }
  }
}

extension JSONWriter {
  /// Writes a number field; nil is `null`.
  fileprivate mutating func ratio(_ name: String, _ value: Double?) {
    field(name) { json in
      if let value { json.double(value) } else { json.null() }
    }
  }
}

import Tokenize

/// `POST /v1/feedback`: what engines delivered, from whoever saw it.
extension IndexerAPI {
  func feedback(_ request: borrowing HTTPRequest) throws(HTTPError) -> HTTPResponse {
    let body: FeedbackRequest
    do throws(RequestBodyError) {
      body = try FeedbackRequest(parsing: request.body)
    } catch {
      throw HTTPError(error)
    }
    var json = JSONWriter()
    switch body {
    case .one(let report): try insight.take(report).writeComparison(to: &json)
    case .several(let reports):
      json.object { json in
        json.field("results") { json in
          json.array { json in for report in reports { write(report, to: &json) } }
        }
      }
    }
    return HTTPResponse(json: json)
  }

  private func write(
    _ report: Result<FeedbackReport, RequestBodyError>, to json: inout JSONWriter
  ) {
    do throws(HTTPError) {
      switch report {
      case .success(let report): try insight.take(report).writeComparison(to: &json)
      case .failure(let error): throw HTTPError(error)
      }
    } catch {
      error.write(to: &json)
    }
  }
}

extension Decision {
  /// Writes what was predicted and what was delivered.
  fileprivate func writeComparison(to json: inout JSONWriter) {
    json.object { json in
      json.field("request_id", requestID)
      json.field("endpoint", target?.endpoint)
      json.field("predicted_tokens", target.map { Int($0.predictedTokens) })
      json.field("delivered_tokens", delivery?.cachedTokens)
      json.field("error_tokens", errorTokens)
      json.field("error_cause", cause?.rawValue)
    }
  }
}

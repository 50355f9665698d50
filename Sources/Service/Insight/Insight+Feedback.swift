import Tokenize

/// How a report of a delivery was taken.
enum FeedbackOutcome: String, MetricLabel {
  /// Set against its prediction.
  case compared
  /// Told before; the first report counts.
  case repeated
  /// Nothing was predicted for it.
  case unknown
  static let labelName = "outcome"
}

extension Insight {
  /// Takes the report of a delivery.
  ///
  /// - Returns: The decision that it was set against.
  /// - Throws: `HTTPError` when nothing was predicted for that request and endpoint.
  func take(_ report: FeedbackReport) throws(HTTPError) -> Decision {
    guard let entry = log.entry(ofRequest: report.requestID) else {
      reports[.unknown].add()
      throw .notFound(
        "nothing was predicted for the request '\(report.requestID)', or it is forgotten by now",
        param: "request_id")
    }
    let (known, _) = log.read(entry)
    guard let candidate = known.candidates.firstIndex(where: { $0.endpoint == report.endpoint })
    else {
      reports[.unknown].add()
      throw .notFound(
        "nothing was predicted for the request '\(report.requestID)' on '\(report.endpoint)'",
        param: "endpoint")
    }
    let delivery = Decision.Delivery(
      cachedTokens: report.cachedTokens, promptTokens: report.promptTokens,
      outputTokens: report.outputTokens,
      firstTokenSeconds: report.firstTokenMilliseconds.map { $0 / 1000 })
    guard let decision = ended(entry, .completed, delivery, by: candidate) else {
      reports[.repeated].add()
      return log.read(entry).decision
    }
    reports[.compared].add()
    return decision
  }
}

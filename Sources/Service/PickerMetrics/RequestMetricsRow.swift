package import EPPScorer
internal import Synchronization
package import Tokenize

/// What llm-d's picker answers with where a request fails, and how its metrics call it.
package enum RequestErrorCode: String, MetricLabel {
  case badRequest = "BadRequest"
  case unauthorized = "Unauthorized"
  case forbidden = "Forbidden"
  case notFound = "NotFound"
  case preconditionFailed = "PreconditionFailed"
  case resourceExhausted = "ResourceExhausted"
  case internalError = "Internal"
  case serviceUnavailable = "ServiceUnavailable"
  /// The engine answered with an error, or the connection to it failed.
  case modelServer = "ModelServerError"

  package static let labelName = "error_code"

  package init(_ code: Refusal.Code) {
    self =
      switch code {
      case .badRequest: .badRequest
      case .unauthorized: .unauthorized
      case .forbidden: .forbidden
      case .notFound: .notFound
      case .preconditionFailed: .preconditionFailed
      case .resourceExhausted: .resourceExhausted
      case .internalError: .internalError
      case .serviceUnavailable: .serviceUnavailable
      }
  }
}

/// All metrics of the requests with one set of labels; a request looks it up once.
///
/// What is sent to an endpoint is counted by `routed` and by one of `completed`, `failed`,
/// `aborted` and `unobserved`.
package final class RequestMetricsRow: Sendable {
  private let predictions: PredictionMetrics
  private let decisions: DecisionMetrics
  let routed = Counter()
  let errors = Labelled<RequestErrorCode, Counter> { Counter() }
  private let runningCount = Atomic<Int>(0)
  let duration = Histogram(bounds: PickerBuckets.requestSeconds)
  let requestBytes = Histogram(bounds: PickerBuckets.requestBytes)
  let responseBytes = Histogram(bounds: PickerBuckets.responseBytes)
  let inputTokens = Histogram(bounds: PickerBuckets.inputTokens)
  let outputTokens = Histogram(bounds: PickerBuckets.outputTokens)
  let cachedTokens = Histogram(bounds: PickerBuckets.inputTokens)
  let perOutputToken = Histogram(bounds: PickerBuckets.perOutputTokenSeconds)
  let firstToken = Histogram(bounds: PickerBuckets.firstTokenSeconds)
  let firstStreamedToken = Histogram(bounds: PickerBuckets.firstTokenSeconds)
  let streamedToken = Histogram(bounds: PickerBuckets.streamedTokenSeconds)
  let betweenChunks = Histogram(bounds: PickerBuckets.betweenChunksSeconds)

  init(_ predictions: PredictionMetrics, _ decisions: DecisionMetrics) {
    self.predictions = predictions
    self.decisions = decisions
  }

  var running: Int { runningCount.load(ordering: .relaxed) }

  // MARK: The decision

  /// Counts how long the parts of a decision took; nil for parts that were not timed apart.
  package func decided(
    parseSeconds: Double? = nil, tokensSeconds: Double, matchSeconds: Double? = nil,
    scheduleSeconds: Double
  ) {
    decisions.decided(
      parse: parseSeconds, tokens: tokensSeconds, match: matchSeconds, schedule: scheduleSeconds)
  }

  /// Counts a request that goes nowhere.
  package func refused(_ refusal: Refusal) {
    errors[RequestErrorCode(refusal.code)].add()
    decisions.ends[.refused].add()
  }

  /// Counts a request that was sent to an endpoint.
  ///
  /// - Parameter hit: What is known of its prompt there.
  package func routed(bodyBytes: Int, hit: PrefixHit) {
    routed.add()
    requestBytes.observe(Double(bodyBytes))
    runningCount.wrappingAdd(1, ordering: .relaxed)
    predictions.picked(hit.basis)
  }

  // MARK: The response

  /// Counts the time to the first byte of the body.
  package func firstToken(seconds: Double, isStream: Bool) {
    (isStream ? firstStreamedToken : firstToken).observe(seconds)
  }

  /// Counts the time between two pieces of a streamed body.
  package func pieceCame(afterSeconds seconds: Double) { betweenChunks.observe(seconds) }

  /// Counts a response that came to its end and is no error.
  ///
  /// - Parameters:
  ///   - seconds: From the request's last byte on.
  ///   - firstTokenSeconds: The same to the first byte of a body that is streamed; else nil.
  package func completed(
    seconds: Double, firstTokenSeconds: Double? = nil, usage: TokenUsage?, bodyBytes: Int
  ) {
    ended(.completed)
    duration.observe(seconds)
    responseBytes.observe(Double(bodyBytes))
    guard let usage else { return }
    if let tokens = usage.promptTokens, tokens > 0 { inputTokens.observe(Double(tokens)) }
    if let tokens = usage.cachedTokens { cachedTokens.observe(Double(tokens)) }
    guard let output = usage.completionTokens, output > 0 else { return }
    outputTokens.observe(Double(output))
    perOutputToken.observe(seconds / Double(output))
    if output > 1, let firstTokenSeconds {
      streamedToken.observe((seconds - firstTokenSeconds) / Double(output - 1))
    }
  }

  /// Counts a response that is an error of the engine's, or of the way there.
  package func failed(status: Int, seconds: Double, bodyBytes: Int) {
    ended(.failed)
    // What is the client's own fault says nothing of the engine.
    let code: RequestErrorCode? =
      switch status {
      case 400, 422: .badRequest
      case 401: .unauthorized
      case 403: .forbidden
      case 404: .notFound
      case 429: .resourceExhausted
      case ..<400: nil
      default: .modelServer
      }
    if let code { errors[code].add() }
    duration.observe(seconds)
    responseBytes.observe(Double(bodyBytes))
  }

  /// Counts a response that was cut off, by the client or the endpoint.
  package func aborted(seconds: Double) {
    ended(.aborted)
    duration.observe(seconds)
  }

  /// Counts a request whose response is not looked at.
  package func unobserved() { ended(.unobserved) }

  /// Compares what was predicted of a prompt with what the engine then said.
  package func predicted(_ hit: PrefixHit, delivered tokens: Int) {
    predictions.delivered(tokens, predicted: hit)
  }

  private func ended(_ end: DecisionMetrics.End) {
    runningCount.wrappingSubtract(1, ordering: .relaxed)
    decisions.ends[end].add()
  }
}

import EPPScorer
import Tokenize

/// How the director works, apart from its plan.
struct DirectorSettings: Sendable {
  var parsers = RequestParsers.standard
  var inFlight = InFlightLoadProducer()
  /// Whether something of the plan depends on a prompt's tokens.
  var usesTokens = true
  /// Whether a request whose tokens can't be had is refused.
  var requiresTokens = false
  /// How long to wait for a prompt's tokens.
  var tokenTimeout = Duration.seconds(5)
  /// The same, for prompts with media.
  var mediaTokenTimeout = Duration.seconds(30)
  /// Whether the gateway's metadata gets every candidate's score.
  var emitsScores = false
  /// Whether responses tell the client what was predicted for it.
  var emitsPredictions = false

  func needsTokens(_ request: InferenceRequest) -> Bool {
    if case .tokens = request.prompt { return true }
    return usesTokens
  }

  /// In nanoseconds after the request's arrival.
  func tokenDeadline(_ request: InferenceRequest) -> UInt64 {
    (request.hasMedia ? mediaTokenTimeout : tokenTimeout).wholeNanoseconds
  }
}

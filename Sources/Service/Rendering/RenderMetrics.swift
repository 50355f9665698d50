package import Tokenize

extension RenderFailure.Kind: MetricLabel {
  package static var labelName: String { "reason" }
}

/// What rendering counts as it happens; the cache and the renderers are read when asked for.
package final class RenderMetrics: Sendable {
  /// How a request for token ids ended.
  package enum Request: String, MetricLabel {
    /// Out of the cache.
    case cached
    /// By its own call.
    case rendered
    /// By the call of an equal request.
    case shared
    case failed
    package static let labelName = "outcome"
  }

  /// How a call of a renderer ended.
  package enum Call: String, MetricLabel {
    case answered
    /// The renderer refuses the request, or does not know its model.
    case refused
    /// Its render endpoints are off, or it wants another key.
    case disabled
    case fault
    case timedOut = "timed_out"
    /// It was never made, or ended because rendering stopped.
    case abandoned
    package static let labelName = "outcome"
  }

  package let requests = Labelled<Request, Counter> { Counter() }
  /// Requests that failed, by reason.
  package let failures = Labelled<RenderFailure.Kind, Counter> { Counter() }
  package let calls = Labelled<Call, Counter> { Counter() }
  /// Calls that went to a second renderer because the first failed or hesitated.
  package let retries = Counter()
  /// Answers that came when no request waited any more; the cache has them.
  package let lateAnswers = Counter()
  /// From the call to its parsed answer, of calls that were answered.
  package let callLatency = Histogram(bounds: Histogram.latencySeconds)

  package init() {}

  func count(_ outcome: RenderOutcome) {
    switch outcome.prompts {
    case .success:
      switch outcome.origin {
      case .cache: requests[.cached].add()
      case .renderer: requests[.rendered].add()
      case .shared: requests[.shared].add()
      }
    case .failure(let failure):
      requests[.failed].add()
      failures[failure.kind].add()
    }
  }

  func count(_ failure: RenderFailure) {
    switch failure.kind {
    case .timedOut: calls[.timedOut].add()
    case .refused, .unknownModel: calls[.refused].add()
    case .disabled, .unauthorized: calls[.disabled].add()
    case .unexpectedStatus, .badAnswer, .unreachable, .broken: calls[.fault].add()
    case .noRenderer, .noneUsable, .overloaded, .unsupported, .stopped: calls[.abandoned].add()
    }
  }
}

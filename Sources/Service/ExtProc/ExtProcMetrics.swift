import Synchronization

/// What an external processor counts.
package final class ExtProcMetrics: Sendable {
  /// How a stream, that is a request, ended.
  package enum End: String, MetricLabel {
    /// The response passed to its end.
    case completed
    /// The gateway was let go after the request, as its route asked for.
    case unobserved
    /// The request was answered here.
    case refused
    /// It was routed, and the client or the endpoint went away, or the gateway gave up.
    case aborted
    /// The client went away, or another answered it, before it was routed.
    case abandoned
    /// The gateway sent what could not be read.
    case malformed
    /// The gateway sends bodies in another way than the one that is served.
    case misconfigured

    package static let labelName = "end"
  }

  /// What should not happen and is survived.
  package enum Anomaly: String, MetricLabel {
    /// A second end of the request's body, which some versions of Envoy send.
    case duplicateEnd = "duplicate_end"
    /// A message that its stream is past, or that comes too early.
    case unexpectedMessage = "unexpected_message"
    /// A decision after its stream was over, or too late.
    case lateDecision = "late_decision"
    /// A decision that was not there in time.
    case decisionTimeout = "decision_timeout"
    case bodyTooLarge = "body_too_large"
    /// Too many bodies at once.
    case noRoomForBody = "no_room_for_body"

    package static let labelName = "cause"
  }

  /// Those of llm-d's `request_duration_seconds`.
  private static let streamSeconds: [Double] = [
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45,
    60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600,
  ]

  package let streams = Labelled<End, Counter> { Counter() }
  /// Streams by the status that they ended with; `CANCELLED` are those that the gateway ended.
  package let streamsByCode = Labelled<GRPCCode, Counter> { Counter() }
  package let streamDurationSeconds = Histogram(bounds: streamSeconds)
  /// From a request's last byte to its answer.
  package let decisionSeconds = Histogram(bounds: Histogram.latencySeconds)
  package let immediateResponses = Labelled<Refusal.Code, Counter> { Counter() }
  package let anomalies = Labelled<Anomaly, Counter> { Counter() }
  /// Of bodies, as the gateway sent them.
  package let requestBytes = Counter()
  package let responseBytes = Counter()
  private let open = Atomic<Int>(0)
  private let deciding = Atomic<Int>(0)

  /// What handling a whole response took, the time between its pieces left out.
  package let responseSeconds: Histogram

  /// - Parameter responseSeconds: Where the times of responses are counted, in seconds.
  package init(
    responseSeconds: Histogram = Histogram(bounds: PickerBuckets.responseProcessingSeconds)
  ) {
    self.responseSeconds = responseSeconds
  }

  /// Streams that have begun and not ended.
  package var streamsInFlight: Int { open.load(ordering: .relaxed) }

  /// Requests that wait for a decision.
  package var decisionsInFlight: Int { deciding.load(ordering: .relaxed) }

  func streamBegan() { open.wrappingAdd(1, ordering: .relaxed) }

  func streamEnded(_ end: End, _ code: GRPCCode, nanoseconds: UInt64) {
    streams[end].add()
    streamsByCode[code].add()
    streamDurationSeconds.observe(Double(nanoseconds) / 1e9)
    open.wrappingSubtract(1, ordering: .relaxed)
  }

  func decisionBegan() { deciding.wrappingAdd(1, ordering: .relaxed) }

  func decisionEnded(nanoseconds: UInt64) {
    decisionSeconds.observe(Double(nanoseconds) / 1e9)
    deciding.wrappingSubtract(1, ordering: .relaxed)
  }
}

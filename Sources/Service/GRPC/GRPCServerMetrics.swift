import Synchronization

/// What a gRPC server counts.
package final class GRPCServerMetrics: Sendable {
  /// Why the server itself ended a call or a connection.
  package enum Refusal: String, MetricLabel {
    case connectionLimit = "connection_limit"
    case handshake
    case keepalive
    case protocolError = "protocol_error"
    case contentType = "content_type"
    case headersTooLarge = "headers_too_large"
    case unknownMethod = "unknown_method"
    case unauthenticated
    case badTimeout = "bad_timeout"
    case compressed
    case messageTooLarge = "message_too_large"
    case malformedFraming = "malformed_framing"
    case messageCount = "message_count"
    case unfinishedMessages = "unfinished_messages"
    case slowReader = "slow_reader"
    case deadline
    case stopped

    package static let labelName = "cause"
  }

  package let connectionsAccepted = Counter()
  /// Calls by the status that was sent; `CANCELLED` are those that a client abandoned.
  package let callsFinished = Labelled<GRPCCode, Counter> { Counter() }
  package let refusals = Labelled<Refusal, Counter> { Counter() }
  package let messagesReceived = Counter()
  package let messagesSent = Counter()
  private let callsOpen = Atomic<Int>(0)
  private let connectionsOpen = Atomic<Int>(0)

  package init() {}

  /// Calls that have begun and not ended.
  package var callsInFlight: Int { callsOpen.load(ordering: .relaxed) }

  package var connections: Int { connectionsOpen.load(ordering: .relaxed) }

  func callStarted() {
    callsOpen.wrappingAdd(1, ordering: .relaxed)
  }

  func callEnded(_ code: GRPCCode) {
    callsFinished[code].add()
    callsOpen.wrappingSubtract(1, ordering: .relaxed)
  }

  /// - Returns: Whether there are now at most `limit`; if not, it is not counted among them.
  func connectionOpened(limit: Int) -> Bool {
    let (_, count) = connectionsOpen.wrappingAdd(1, ordering: .relaxed)
    guard count <= limit else {
      connectionsOpen.wrappingSubtract(1, ordering: .relaxed)
      refusals[.connectionLimit].add()
      return false
    }
    connectionsAccepted.add()
    return true
  }

  func connectionClosed() {
    connectionsOpen.wrappingSubtract(1, ordering: .relaxed)
  }
}

import Synchronization

/// What an HTTP server counts as it goes, from any thread.
package final class HTTPServerMetrics: Sendable {
  /// Why a request did not reach its handler, or its answer not the client.
  package enum Refusal: String, MetricLabel {
    /// Status 413.
    case bodyTooLarge = "body_too_large"
    /// Status 431.
    case headersTooLarge = "headers_too_large"
    /// Status 503: too many bytes of bodies are held.
    case buffersFull = "buffers_full"
    /// Status 401.
    case unauthorized
    /// Cut off: the body took too long.
    case receiveTimeout = "receive_timeout"
    /// Cut off: a refused body did not end.
    case endlessBody = "endless_body"
    /// Cut off: the client of a stream lagged too far behind.
    case slowReader = "slow_reader"
    /// Cut off: the server stopped before the answer was sent.
    case stopped
    package static let labelName = "cause"
  }

  package let refusals = Labelled<Refusal, Counter> { Counter() }
  /// How often the last connection that an address may have was taken.
  package let connectionLimitHits = Counter()
  /// What libmicrohttpd said about connections: bytes that are not HTTP, failed handshakes, resets.
  package let connectionFaults = Counter()
  private let requests = Atomic<Int>(0)
  private let connections = Atomic<Int>(0)
  private let buffered = Atomic<Int>(0)

  package init() {}

  /// Requests between their headers and the last byte of their answers.
  package var requestsInFlight: Int { requests.load(ordering: .relaxed) }
  package var openConnections: Int { connections.load(ordering: .relaxed) }
  /// Bytes of bodies that have arrived, of requests that are not answered yet.
  package var bufferedBytes: Int { buffered.load(ordering: .relaxed) }

  func requestBegan() { requests.wrappingAdd(1, ordering: .relaxed) }

  func requestEnded() { requests.wrappingSubtract(1, ordering: .relaxed) }

  func connectionOpened() { connections.wrappingAdd(1, ordering: .relaxed) }

  func connectionClosed() { connections.wrappingSubtract(1, ordering: .relaxed) }

  /// Counts bytes of a body; returns how many are held now.
  func buffer(_ bytes: Int) -> Int {
    buffered.wrappingAdd(bytes, ordering: .relaxed).newValue
  }

  func unbuffer(_ bytes: Int) { buffered.wrappingSubtract(bytes, ordering: .relaxed) }
}

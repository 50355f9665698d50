import Synchronization

/// One request, from its headers to the last byte of its answer.
///
/// The server's thread owns it, except for `phase` and, from `handling` on, `response` and
/// `content`: who moves the phase to `answered` has written them before, and never does again.
final class HTTPExchange: @unchecked Sendable {
  enum Phase: UInt8, AtomicRepresentable {
    /// The body is still arriving. Next: `handling`, or the end of the exchange.
    case receiving
    /// The handler runs. Next: `answered`, or `suspended` when it returns without an answer.
    case handling
    /// The handler has returned, and the answer will come from elsewhere. Next: `answered` or
    /// `abandoned`.
    case suspended
    /// The response is there, and the server's thread may take it. Last.
    case answered
    /// The server stops and waits for no answer; one that still comes is dropped. Last.
    case abandoned
  }

  /// What libmicrohttpd knows the request's connection by; valid while the exchange lives there.
  let connection: OpaquePointer
  /// When the headers were there, in nanoseconds.
  let start = MonotonicClock.nowNanoseconds()
  let phase = Atomic<Phase>(.receiving)
  var body: [UInt8] = []
  /// Bytes of the body that count as buffered, until the exchange ends.
  var bufferedBytes = 0
  /// What the request is answered with instead of being handled.
  var refusal: HTTPError?
  /// Bytes of the body that arrived after the refusal and were dropped.
  var droppedBytes = 0
  var response: HTTPResponse?
  /// The response's body, when it is not there at once.
  var content: Content?

  enum Content {
    /// It is sent as it is written.
    case stream(HTTPStream)
    /// It is made as it is sent.
    case pieces(HTTPPieces)
  }

  init(_ connection: OpaquePointer) { self.connection = connection }
}

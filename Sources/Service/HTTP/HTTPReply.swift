import Synchronization

/// The place for a request's answer, which is sent once, from any thread, now or later.
///
/// A request is answered as soon as its handler sends; when it returns without, the connection
/// rests and costs no thread. A reply that goes without an answer answers status 500.
package final class HTTPReply: Sendable {
  private let exchange: HTTPExchange
  private let exchanges: HTTPExchanges
  private let isSent = Atomic<Bool>(false)

  init(_ exchange: HTTPExchange, of exchanges: HTTPExchanges) {
    self.exchange = exchange
    self.exchanges = exchanges
  }

  deinit {
    guard !isSent.load(ordering: .acquiring) else { return }
    exchanges.log("a request was dropped without an answer")
    exchanges.complete(exchange, HTTPResponse(.internalError("the request found no answer")))
  }

  /// Answers the request; to be called at most once.
  ///
  /// It waits for nothing. When the client has gone, or the server was stopped, the answer goes
  /// nowhere.
  package func send(_ response: HTTPResponse) {
    claim()
    exchanges.complete(exchange, response)
  }

  /// Answers with a body that is taken piece by piece; to be called instead of `send`.
  ///
  /// - Parameter response: The status and the headers; it has no body.
  package func send(_ response: HTTPResponse, _ pieces: HTTPPieces) {
    precondition(response.body.isEmpty, "a response in pieces has a body of its own")
    claim()
    exchanges.complete(exchange, response, .pieces(pieces))
  }

  /// Begins an answer that is sent as it is written; to be called instead of `send`.
  ///
  /// - Parameter response: The status and the headers; it has no body.
  package func startStream(_ response: HTTPResponse) -> HTTPStream {
    precondition(response.body.isEmpty, "a stream's response has a body of its own")
    claim()
    return exchanges.complete(exchange, streaming: response)
  }

  private func claim() {
    let wasSent = isSent.exchange(true, ordering: .acquiringAndReleasing)
    precondition(!wasSent, "a request was answered twice")
  }
}

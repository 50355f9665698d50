package import Tokenize

/// Decides where requests go.
package protocol RequestDirector: AnyObject, Sendable {
  /// Calls `completion` once: at once where nothing has to be waited for, else on another thread.
  func direct(_ request: GatewayRequest, completion: @escaping @Sendable (Direction) -> Void)
}

/// Follows a request that was routed; called in this order, `ended` exactly once, by one thread at
/// a time.
package protocol RoutedExchange: AnyObject, Sendable {
  /// The endpoint's response headers came.
  func responseBegan(status: Int)
  /// The first byte of the response's body came.
  func responseBodyBegan()
  /// A later piece of a streamed body came.
  func responseBodyContinued()
  /// Nothing more comes.
  func ended(_ end: ExchangeEnd)
}

/// How a routed request ended.
package enum ExchangeEnd: Sendable, Equatable {
  /// The response came to its end.
  case completed(ResponseSummary)
  /// The gateway was let go before the response, as the route asked for.
  case unobserved
  /// The client or the endpoint went away, or the gateway gave up.
  case aborted
}

/// What a whole response told.
package struct ResponseSummary: Sendable, Equatable {
  /// Nil when it said nothing of it.
  package var usage: TokenUsage?
  package var bodyBytes: Int

  package init(usage: TokenUsage?, bodyBytes: Int) {
    self.usage = usage
    self.bodyBytes = bodyBytes
  }
}

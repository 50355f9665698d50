package import EPPScorer

/// A client's request as the gateway hands it over.
package struct GatewayRequest: Sendable {
  /// Pseudo headers such as `:path` included.
  package var headers: RequestHeaders
  /// Empty for a request without one.
  package var body: [UInt8]
  /// The addresses that the gateway allows; nil when it allows all.
  package var subset: [String]?
  /// When the last byte of it was there, in monotonic nanoseconds.
  package var receivedNanoseconds: UInt64

  package init(
    headers: RequestHeaders, body: [UInt8], subset: [String]? = nil, receivedNanoseconds: UInt64
  ) {
    self.headers = headers
    self.body = body
    self.subset = subset
    self.receivedNanoseconds = receivedNanoseconds
  }
}

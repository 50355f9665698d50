/// What the threads of a server share.
final class GRPCServerContext: Sendable {
  let router: GRPCRouter
  let limits: GRPCLimits
  let authorize: (@Sendable (String?) -> Bool)?
  let metrics: GRPCServerMetrics
  let tls: TLSContextBox?
  let http2: HTTP2Configuration

  init(
    router: GRPCRouter, limits: GRPCLimits, authorize: (@Sendable (String?) -> Bool)?,
    metrics: GRPCServerMetrics, tls: TLSContextBox?
  ) {
    self.router = router
    self.limits = limits
    self.authorize = authorize
    self.metrics = metrics
    self.tls = tls
    http2 = HTTP2Configuration(limits)
  }
}

/// `envoy.service.ext_proc.v3.ExternalProcessor`: lets a director decide where requests go.
///
/// The gateway has to send bodies in the mode `FULL_DUPLEX_STREAMED`. Every request is a stream:
/// its headers are answered when the director has decided on all of it, and its response passes
/// piece by piece.
package final class ExternalProcessor: Sendable {
  package static let service = "envoy.service.ext_proc.v3.ExternalProcessor"

  package let metrics: ExtProcMetrics
  private let director: any RequestDirector
  private let context: ExternalProcessorContext

  /// - Parameters:
  ///   - readsSubset: Whether the gateway's metadata may narrow the endpoints of a request.
  package init(
    director: any RequestDirector, limits: ExternalProcessorLimits = ExternalProcessorLimits(),
    readsSubset: Bool = true, metrics: ExtProcMetrics = ExtProcMetrics()
  ) {
    self.director = director
    self.metrics = metrics
    context = ExternalProcessorContext(
      limits: limits, readsSubset: readsSubset, metrics: metrics)
  }

  /// Bytes of requests that wait for their decision.
  package var heldBytes: Int { context.bodies.heldBytes }

  /// Adds the method to a router; gateways have no authorization to send.
  package func register(in router: inout GRPCRouter) {
    router.stream("/\(Self.service)/Process", needsAuthorization: false) { [director, context] in
      ExternalProcessorCall($0, director, context)
    }
  }
}

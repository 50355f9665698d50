/// The bounds of an external processor; each has its one default here.
package struct ExternalProcessorLimits: Sendable {
  /// Of one request's body; a larger request is answered with 413.
  package var bodyBytesMax = 64 << 20
  /// Of all bodies that are held until their requests are routed; beyond, requests get 503.
  package var heldBytesMax = 1 << 30
  /// How long a decision may take before the request is answered with 503.
  ///
  /// Envoy itself waits for ever. Directors answer in time by themselves: this is the safety net.
  package var decisionTimeout = Duration.seconds(10)

  package init() {}

  /// gRPC's limits widened so that a body of the largest size can be sent back.
  package func widen(_ limits: GRPCLimits) -> GRPCLimits {
    var limits = limits
    let pieces = bodyBytesMax / ProcessingResponse.bodyBytesMax + 1
    let framed = bodyBytesMax + pieces * 2 * ProcessingResponse.bodyOverheadBytes
    limits.unreadBytesMax = max(limits.unreadBytesMax, framed + (1 << 20))
    return limits
  }
}

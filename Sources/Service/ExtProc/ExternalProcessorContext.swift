/// What all streams of an external processor share.
final class ExternalProcessorContext: Sendable {
  let limits: ExternalProcessorLimits
  /// Whether the gateway's metadata narrows a request's endpoints.
  let readsSubset: Bool
  let metrics: ExtProcMetrics
  let bodies: BodyBudget

  init(limits: ExternalProcessorLimits, readsSubset: Bool, metrics: ExtProcMetrics) {
    self.limits = limits
    self.readsSubset = readsSubset
    self.metrics = metrics
    bodies = BodyBudget(bytesMax: limits.heldBytesMax)
  }
}

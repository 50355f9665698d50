package import EPPScorer

/// The plans that simulated routers can follow, of the plugins that `epp` runs.
package enum RoutingPlan: String, CaseIterable, Sendable {
  /// Fewest tokens to compute first: those of the prompt that are not cached, and those that were
  /// sent there and are not computed yet.
  case cost
  /// The weights of the examples: prefix 3, queue 2, KV cache utilisation 2.
  case weights

  private typealias Named = SchedulingPlan.Named
  private typealias Weighted = (part: Named<any EPPScorer.Scorer>, weight: Double)

  /// One clause for people.
  package var summary: String {
    switch self {
    case .cost: "token-load-scorer"
    case .weights: "prefix-cache-scorer 3, queue-scorer 2, kv-cache-utilization-scorer 2"
    }
  }

  /// The plan; it has one producer.
  package var plan: SchedulingPlan {
    let scorers: [Weighted] =
      switch self {
      case .cost: [(Named("token-load-scorer", TokenLoadScorer()), 1)]
      case .weights:
        [
          (Named("prefix-cache-scorer", PrefixCacheScorer()), 3),
          (Named("queue-scorer", QueueScorer()), 2),
          (Named("kv-cache-utilization-scorer", CacheUtilizationScorer()), 2),
        ]
      }
    let profile = SchedulingPlan.Profile(
      name: "default", scorers: scorers, picker: Named("max-score-picker", MaxScorePicker()))
    return SchedulingPlan(
      profiles: [profile], handler: Named("single-profile-handler", SingleProfileHandler()),
      producers: ["prefix"], defaultProducer: 0)
  }
}

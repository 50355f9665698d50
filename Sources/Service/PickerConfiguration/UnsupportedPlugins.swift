/// The plugin types of llm-d that do not exist here: why, and what to use instead.
enum UnsupportedPlugins {
  /// Why a type is not supported; nil when it is no type of llm-d's.
  static func reason(_ type: String) -> String? {
    if let reason = reasons[type] { return reason }
    return families.first { type.hasPrefix($0.prefix) }?.reason
  }

  private static let families: [(prefix: String, reason: String)] = [
    (
      "multicluster-",
      "one picker serves one cluster; give each cluster its own and let a gateway choose between "
        + "them"
    ),
    (
      "dcgm-",
      "metrics of GPUs are not read; what the engine says of itself is what scorers and filters "
        + "go by: running-requests-size-scorer, kv-cache-utilization-scorer, utilization-filter"
    ),
    (
      "topology-",
      "where endpoints stand is not known; narrow the endpoints by their labels with "
        + "label-selector-filter"
    ),
  ]

  private static let latency =
    "no latencies are predicted; use prefix-cache-affinity-filter with 'ttftSource: "
    + "prefillThroughput', and token-load-scorer"
  private static let attributes =
    "endpoints have no attributes of one's own; use utilization-filter for load, and "
    + "label-selector-filter or header-label-affinity-scorer for labels"
  private static let encoderCache =
    "encoder caches are not followed; prefix-cache-scorer counts media as part of the prefix"
  private static let admission =
    "requests have priorities in Kubernetes alone, and all are admitted here; limit load with "
    + "utilization-filter, or in the gateway"
  private static let flowControl =
    "requests are not queued here, and flowControl is off by default in llm-d, too; leave it out, "
    + "and bound the load of endpoints with utilization-filter or concurrency-detector as a filter"

  private static let reasons: [String: String] = [
    "latency-scorer": latency,
    "predicted-latency-producer": latency,
    "slo-headroom-tier-filter": latency,
    "latency-slo-admitter": latency,
    "probabilistic-admitter": admission,
    "endpoint-attribute-scorer": attributes,
    "endpoint-attribute-filter": attributes,
    "mm-embeddings-cache-scorer": encoderCache,
    "mm-embeddings-cache-producer": encoderCache,
    "burst-prefix-cache-producer":
      "requests are not held back to be placed together; reservations send those that follow to "
      + "where the first one went: precise-prefix-cache-producer with 'speculativeIndexing: true'",
    "p2p-source-producer":
      "engines are not told where to pull KV blocks from; prefix-cache-scorer sends a request to "
      + "where they are",
    "agent-identity":
      "there is no fairness between clients, which it would identify; sessions stay together with "
      + "session-affinity-scorer and 'strategy: session_id'",
    "request-attribute-reporter":
      "nothing is computed for the gateway's metadata; usage is in the metrics",
    "disaggregatedset-rollout-screener":
      "rollouts of Kubernetes are not followed; keep revisions apart by labels with "
      + "label-selector-filter",
    "k8s-notification-source":
      "there is no Kubernetes to notify; endpoints come from file-discovery",
    "vllmgrpc-parser":
      "requests over gRPC are not understood; use vLLM's HTTP API, vllmhttp-parser for token ids",
    "vertexai-parser":
      "the Vertex AI API is not understood; use openai-parser, and passthrough-parser to let its "
      + "requests pass",
    "global-strict-fairness-policy": flowControl,
    "round-robin-fairness-policy": flowControl,
    "program-aware-fairness": flowControl,
    "fcfs-ordering-policy": flowControl,
    "edf-ordering-policy": flowControl,
    "slo-deadline-ordering-policy": flowControl,
    "static-usage-limit-policy": flowControl,
    "priority-holdback-policy": flowControl,
    "soft-reflective-ceiling-policy": flowControl,
    "sheddable-eviction-filter": flowControl,
    "priority-then-time-eviction-order-policy": flowControl,
  ]

  static let types = reasons.keys.sorted()
}

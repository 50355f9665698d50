/// The gauges of the pool, computed when they are asked for.
extension PickerMetrics {
  /// A number of every ready endpoint.
  private typealias Reading = (
    name: String, help: String, value: @Sendable (PickerSample.Member) -> Double?
  )

  private static let readings: [Reading] = [
    ("kv_cache_utilization", "share of the KV cache in use", \.load.cacheUsage),
    ("queue_size", "requests that wait", { $0.load.waitingRequests.map(Double.init) }),
    ("running_requests", "requests that run", { $0.load.runningRequests.map(Double.init) }),
  ]

  func addPool(_ text: inout MetricsText, _ sample: PickerSample) {
    let ready = sample.members.filter(\.isReady)
    addGauge(
      &text, Self.prefix + "ready_endpoints", "Endpoints that are up and whose metrics are fresh.",
      Double(ready.count))
    for (name, what, value) in Self.readings {
      let spread = Spread(ready.compactMap(value))
      addGauge(
        &text, Self.prefix + "average_" + name, "Mean over ready endpoints: \(what).", spread?.mean)
      addGauge(
        &text, Self.prefix + "std_dev_" + name, "Standard deviation over ready endpoints: \(what).",
        spread?.deviation)
    }
    text.add(
      Self.prefix + "per_endpoint_queue_size", .gauge, help: "Requests that wait at an endpoint.",
      sample.members.compactMap { member in
        guard let waiting = member.load.waitingRequests else { return nil }
        return (
          labels: [
            (name: "name", value: poolName),
            (name: "model_server_endpoint", value: member.endpoint.id.name),
          ], value: Double(waiting)
        )
      })
  }

  func addPoolTwins(_ text: inout MetricsText, _ sample: PickerSample) {
    let ready = sample.members.filter(\.isReady)
    addGauge(
      &text, "inference_pool_ready_pods", Self.deprecated("ready_endpoints"), Double(ready.count))
    for (name, _, value) in Self.readings {
      addGauge(
        &text, "inference_pool_average_" + name, Self.deprecated("average_" + name),
        Spread(ready.compactMap(value))?.mean)
    }
  }

  /// A gauge of the pool, which has no sample while nothing is known.
  private func addGauge(
    _ text: inout MetricsText, _ name: String, _ help: String, _ value: Double?
  ) {
    text.add(
      name, .gauge, help: help,
      value.map { [(labels: [(name: "name", value: poolName)], value: $0)] } ?? [])
  }
}

/// The names that llm-d's metrics had before, which dashboards still read.
extension PickerMetrics {
  /// The help of a metric under an old name.
  static func deprecated(_ name: String) -> String { "Deprecated: \(prefix)\(name)." }

  private static let objective = "inference_objective_"

  private static let histograms:
    [(name: String, now: String, metric: @Sendable (RequestMetricsRow) -> Histogram)] = [
      ("request_duration_seconds", "request_duration_seconds", \.duration),
      ("request_sizes", "request_size_bytes", \.requestBytes),
      ("response_sizes", "response_size_bytes", \.responseBytes),
      ("input_tokens", "request_input_tokens", \.inputTokens),
      ("output_tokens", "request_output_tokens", \.outputTokens),
      ("prompt_cached_tokens", "request_cached_tokens", \.cachedTokens),
      ("normalized_time_per_output_token_seconds", "request_ntpot_seconds", \.perOutputToken),
    ]

  /// Rows whose labels are equal as far as the old names have them are one.
  func addRequestTwins(_ text: inout MetricsText) {
    let rows = requests.all
    func sums(
      _ name: String, _ kind: MetricsText.Kind, _ now: String, _ labels: Set<String>,
      _ value: (RequestMetricsRow) -> Int
    ) {
      let grouped = Grouped(rows, by: labels) { value($0.metric) }
      text.add(
        Self.objective + name, kind, help: Self.deprecated(now),
        grouped.groups.map { (labels: $0.labels, value: Double($0.members.reduce(0, +))) })
    }
    let models: Set = ["model_name", "target_model_name"]
    sums("request_total", .counter, "request_total", models.union(["priority"])) { $0.routed.value }
    sums("running_requests", .gauge, "request_running", ["model_name"]) { $0.running }
    let errors = Grouped(rows, by: models) { $0.metric.errors }
    text.add(
      Self.objective + "request_error_total", .counter,
      help: Self.deprecated("request_error_total"),
      errors.groups.flatMap { group in
        RequestErrorCode.allCases.compactMap { code in
          let count = group.members.reduce(0) { $0 + $1[code].value }
          guard count > 0 else { return nil }
          return (
            labels: group.labels + [(name: RequestErrorCode.labelName, value: code.rawValue)],
            value: Double(count)
          )
        }
      })
    for (name, now, metric) in Self.histograms {
      let grouped = Grouped(rows, by: models) { metric($0.metric).snapshot() }
      text.add(
        Self.objective + name, help: Self.deprecated(now),
        grouped.groups.compactMap { group in
          guard var sum = group.members.first else { return nil }
          for other in group.members.dropFirst() { sum.merge(other) }
          return (labels: group.labels, snapshot: sum)
        })
    }
  }

  func addTwins(_ text: inout MetricsText, _ sample: PickerSample) {
    addPoolTwins(&text, sample)
    let extended = "inference_extension_"
    text.add(
      extended + "scheduler_e2e_duration_seconds",
      help: Self.deprecated("scheduler_e2e_duration_seconds"), decisions.scheduling)
    text.add(
      extended + "plugin_duration_seconds", help: Self.deprecated("plugin_duration_seconds"),
      plugins)
    text.add(
      extended + "info", .gauge, help: Self.deprecated("info"), [(labels: buildLabels, value: 1)])
    text.add(
      extended + "prefix_indexer_size", .gauge, help: Self.deprecated("prefix_indexer_size"),
      sample.indexes.map { (labels: $0.producer.labels, value: Double($0.entries)) })
    text.add(
      extended + "prefix_indexer_hit_ratio", help: Self.deprecated("prefix_indexer_hit_ratio"),
      hitRatios)
    text.add(
      extended + "prefix_indexer_hit_bytes", help: Self.deprecated("prefix_indexer_hit_bytes"),
      hitBytes)
    let scheduler = "llm_d_inference_scheduler_"
    for (name, samples) in [
      ("datalayer_poll_errors_total", sample.pollErrors),
      ("datalayer_extract_errors_total", sample.extractErrors),
    ] {
      text.add(scheduler + name, .counter, help: Self.deprecated(name), samples)
    }
    for name in ["disagg_decision_total", "pd_decision_total"] {
      text.add(scheduler + name, help: Self.deprecated(name), divisions)
    }
  }
}

/// Rows put together by some of their labels.
private struct Grouped<Member> {
  var groups: [(labels: MetricsText.Labels, members: [Member])] = []

  init(
    _ rows: [(labels: RequestLabels, metric: RequestMetricsRow)], by names: Set<String>,
    _ member: ((labels: RequestLabels, metric: RequestMetricsRow)) -> Member
  ) {
    var places: [[String]: Int] = [:]
    for row in rows {
      let labels = row.labels.labels.filter { names.contains($0.name) }
      let key = labels.map(\.value)
      if let place = places[key] {
        groups[place].members.append(member(row))
      } else {
        places[key] = groups.count
        groups.append((labels, [member(row)]))
      }
    }
  }
}

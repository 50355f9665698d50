/// The exposition under llm-d's names.
extension PickerMetrics {
  static let prefix = "llm_d_epp_"

  /// Adds all families.
  package func add(to text: inout MetricsText, _ sample: PickerSample) {
    addRequests(&text)
    addPool(&text, sample)
    addScheduling(&text, sample)
    addPrefixes(&text, sample)
    addInFlight(&text, sample)
    addRequestTwins(&text)
    addTwins(&text, sample)
    addOurs(&text, sample)
  }

  /// The histograms of requests: name, and what it says.
  private static let requestHistograms:
    [(name: String, help: String, metric: @Sendable (RequestMetricsRow) -> Histogram)] = [
      ("request_duration_seconds", "Time from a request to the end of its response.", \.duration),
      ("request_size_bytes", "Bytes of requests' bodies.", \.requestBytes),
      ("response_size_bytes", "Bytes of responses' bodies.", \.responseBytes),
      ("request_input_tokens", "Tokens of prompts, as engines count them.", \.inputTokens),
      ("request_output_tokens", "Tokens that were generated.", \.outputTokens),
      ("request_cached_tokens", "Tokens of prompts that engines had cached.", \.cachedTokens),
      ("request_ntpot_seconds", "Time of a request by its output tokens.", \.perOutputToken),
      (
        "request_streaming_tpot_seconds",
        "Time from the first token to the last, by the tokens after the first.", \.streamedToken
      ),
      ("request_streaming_itl_seconds", "Time between pieces of a response.", \.betweenChunks),
    ]

  private func addRequests(_ text: inout MetricsText) {
    let rows = requests.all
    text.add(
      Self.prefix + "request_total", .counter, help: "Requests that were sent to an endpoint.",
      rows.map { (labels: $0.labels.labels, value: Double($0.metric.routed.value)) })
    text.add(
      Self.prefix + "request_error_total", .counter, help: "Requests that failed, by code.",
      rows.flatMap { row in
        row.metric.errors.all.filter { $0.metric.value > 0 }.map { code, count in
          (
            labels: row.labels.labels + [(name: RequestErrorCode.labelName, value: code)],
            value: Double(count.value)
          )
        }
      })
    text.add(
      Self.prefix + "request_running", .gauge, help: "Requests whose response is under way.",
      rows.map { (labels: $0.labels.labels, value: Double($0.metric.running)) })
    for (name, help, metric) in Self.requestHistograms {
      text.add(
        Self.prefix + name, help: help,
        rows.map { (labels: $0.labels.labels, snapshot: metric($0.metric).snapshot()) })
    }
    text.add(
      Self.prefix + "request_ttft_seconds",
      help: "Time from a request to the first byte of its response's body.",
      rows.flatMap { row in
        [("false", row.metric.firstToken), ("true", row.metric.firstStreamedToken)].map {
          (
            labels: row.labels.labels + [(name: "streaming", value: $0)], snapshot: $1.snapshot()
          )
        }
      })
  }

  private func addScheduling(_ text: inout MetricsText, _ sample: PickerSample) {
    text.add(
      Self.prefix + "scheduler_e2e_duration_seconds", help: "Time of a whole scheduling.",
      decisions.scheduling)
    text.add(
      Self.prefix + "scheduler_attempts_total", help: "Schedulings, by how they ended.", attempts)
    text.add(Self.prefix + "plugin_duration_seconds", help: "Time of a plugin's call.", plugins)
    text.add(
      Self.prefix + "request_processing_duration_seconds",
      help: "Time from a request's last byte to its route.", decisions.whole)
    text.add(
      Self.prefix + "response_processing_duration_seconds",
      help: "Time that handling a response takes, the engine's left out.", responseProcessing)
    text.add(
      Self.prefix + "datalayer_poll_errors_total", .counter,
      help: "Engines that could not be asked.", sample.pollErrors)
    text.add(
      Self.prefix + "datalayer_extract_errors_total", .counter,
      help: "Answers of engines that lack what was looked for.", sample.extractErrors)
    for name in ["disagg_decision_total", "pd_decision_total"] {
      text.add(
        Self.prefix + name, help: "Requests by which profiles served them.", divisions)
    }
    text.add(
      Self.prefix + "info", .gauge, help: "1, with what was built.",
      [(labels: buildLabels, value: 1)])
  }

  var buildLabels: MetricsText.Labels {
    [(name: "commit", value: build.commit), (name: "build_ref", value: build.reference)]
  }

  private func addPrefixes(_ text: inout MetricsText, _ sample: PickerSample) {
    text.add(
      Self.prefix + "prefix_indexer_size", .gauge, help: "Entries that a producer holds.",
      sample.indexes.map { (labels: $0.producer.labels, value: Double($0.entries)) })
    text.add(
      Self.prefix + "prefix_indexer_hit_ratio",
      help: "Share of a prompt that the endpoint with the longest match holds.", hitRatios)
    text.add(
      Self.prefix + "prefix_indexer_hit_bytes",
      help: "Bytes of a prompt that the endpoint with the longest match holds.", hitBytes)
  }

  private func addInFlight(_ text: inout MetricsText, _ sample: PickerSample) {
    func add(_ name: String, _ help: String, _ value: (PickerSample.Member) -> Int) {
      text.add(
        Self.prefix + name, .gauge, help: help,
        sample.members.map { member in
          (
            labels: [
              (name: "endpoint_name", value: member.endpoint.id.name),
              (name: "namespace", value: member.endpoint.id.namespace),
              (name: "producer_name", value: sample.inFlightProducer),
              // Loads are counted over all flows.
              (name: "fairness_id", value: ""), (name: "priority", value: ""),
            ],
            value: Double(value(member))
          )
        })
    }
    add("inflight_requests", "Requests under way at an endpoint.") { $0.inFlight.requests }
    add("inflight_tokens", "Tokens yet to be computed for them.") { $0.inFlight.tokens }
  }
}

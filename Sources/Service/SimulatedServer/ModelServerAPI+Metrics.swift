extension ModelServerAPI {
  /// The metrics of vLLM that routers read, under vLLM's names and labels.
  func metrics() -> HTTPResponse {
    let (counters, _) = loop.status()
    let isAwake = !loop.isAsleep
    let engine: MetricsText.Labels = [
      (name: "engine", value: "0"), (name: "model_name", value: configuration.model),
    ]
    var text = MetricsText()
    func add(_ name: String, _ kind: MetricsText.Kind, help: String, _ value: Double) {
      text.add("vllm:" + name, kind, help: help, [(labels: engine, value: value)])
    }
    add(
      "num_requests_running", .gauge, help: "Requests in the current batch.",
      Double(counters.requestsRunning))
    add(
      "num_requests_waiting", .gauge, help: "Requests that wait for a place in a batch.",
      Double(counters.requestsWaiting))
    add(
      "kv_cache_usage_perc", .gauge, help: "Share of the KV cache in use by requests, 0 to 1.",
      counters.cacheUsage)
    add(
      "prefix_cache_queries_total", .counter, help: "Tokens looked for in the prefix cache.",
      Double(counters.prefixCacheQueries))
    add(
      "prefix_cache_hits_total", .counter, help: "Tokens found in the prefix cache.",
      Double(counters.prefixCacheHits))
    add(
      "prompt_tokens_total", .counter, help: "Tokens of prompts that were read to their end.",
      Double(counters.promptTokens))
    text.add(
      "vllm:prompt_tokens_by_source_total", .counter, help: "Tokens of prompts by where from.",
      [
        ("local_compute", counters.computedTokens),
        ("local_cache_hit", counters.promptTokens - counters.computedTokens),
      ].map { (labels: engine + [(name: "source", value: $0)], value: Double($1)) })
    text.add(
      "vllm:request_success_total", .counter, help: "Requests that are finished.",
      [
        (
          labels: engine + [(name: "finished_reason", value: "length")],
          value: Double(counters.requestsFinished)
        )
      ])
    add(
      "num_preemptions_total", .counter, help: "Requests that lost their blocks and start over.",
      Double(counters.preemptions))
    text.add(
      "vllm:cache_config_info", .gauge, help: "How the KV cache is configured.",
      [
        (
          labels: [
            (name: "block_size", value: "\(counters.blockSize)"),
            (name: "enable_prefix_caching", value: "True"), (name: "engine", value: "0"),
            (name: "num_gpu_blocks", value: "\(counters.blockCount)"),
          ], value: 1
        )
      ])
    text.add(
      "vllm:engine_sleep_state", .gauge, help: "Whether the engine is awake, or how it sleeps.",
      [("awake", isAwake), ("weights_offloaded", !isAwake), ("discard_all", false)].map {
        (labels: engine + [(name: "sleep_state", value: $0)], value: $1 ? 1 : 0)
      })
    text.add(
      "process_start_time_seconds", .gauge, help: "When the server started, in Unix time.",
      [(labels: [], value: startTime)])
    return HTTPResponse(contentType: MetricsText.contentType, body: text.bytes())
  }
}

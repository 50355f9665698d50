import EPPScorer
import Glibc
import KVIndexer
import Testing
import Tokenize

@testable import Service

@Suite struct PickerMetricsTests {
  private let metrics = PickerMetrics(poolName: "pool", commit: "c", buildReference: "r")

  private func text(_ sample: PickerSample = PickerSample()) -> String {
    var text = MetricsText()
    metrics.add(to: &text, sample)
    return String(decoding: text.bytes(), as: UTF8.self)
  }

  /// The lines of one metric.
  private func lines(_ name: String, _ sample: PickerSample = PickerSample()) -> [String] {
    text(sample).split(separator: "\n").map(String.init).filter { line in
      line.hasPrefix(name + "{") || line.hasPrefix(name + " ")
    }
  }

  private func row(_ model: String = "m", fairness: String = "f", priority: Int = 0)
    -> RequestMetricsRow
  {
    metrics.row(model: model, target: "t", fairness: fairness, priority: priority)
  }

  private func member(
    _ name: String, waiting: Int?, usage: Double = 0.5, isUp: Bool = true, isStale: Bool = false
  ) -> PickerSample.Member {
    var load = EndpointLoad()
    load.waitingRequests = waiting
    load.runningRequests = waiting.map { 2 * $0 }
    load.cacheUsage = waiting.map { _ in usage }
    load.isStale = isStale
    let endpoint = Endpoint(
      id: EndpointID(namespace: "ns", name: name), host: "10.0.0.1", port: 8000)
    return PickerSample.Member(
      endpoint, load: load, isUp: isUp, inFlight: InFlightLoad(requests: 3, tokens: 40))
  }

  @Test func `a request that is routed and answered is counted under all four labels`() {
    let row = row()
    row.decided(tokensSeconds: 0.001, scheduleSeconds: 0.0001)
    row.routed(bodyBytes: 100, hit: .unknown)
    let labels = #"model_name="m",target_model_name="t",fairness_id="f",priority="0""#
    #expect(lines("llm_d_epp_request_running") == ["llm_d_epp_request_running{\(labels)} 1"])
    row.firstToken(seconds: 0.5, isStream: true)
    row.pieceCame(afterSeconds: 0.03)
    row.completed(
      seconds: 2.5, firstTokenSeconds: 0.5,
      usage: TokenUsage(promptTokens: 50, completionTokens: 11, cachedTokens: 32), bodyBytes: 900)
    #expect(lines("llm_d_epp_request_running") == ["llm_d_epp_request_running{\(labels)} 0"])
    #expect(lines("llm_d_epp_request_total") == ["llm_d_epp_request_total{\(labels)} 1"])
    let sums = [
      "request_duration_seconds": "2.5", "request_size_bytes": "100", "response_size_bytes": "900",
      "request_input_tokens": "50", "request_output_tokens": "11", "request_cached_tokens": "32",
      "request_streaming_tpot_seconds": "0.2", "request_streaming_itl_seconds": "0.03",
    ]
    for (name, sum) in sums {
      #expect(lines("llm_d_epp_\(name)_sum") == ["llm_d_epp_\(name)_sum{\(labels)} \(sum)"])
    }
    #expect(
      lines("llm_d_epp_request_ttft_seconds_sum") == [
        #"llm_d_epp_request_ttft_seconds_sum{\#(labels),streaming="false"} 0"#,
        #"llm_d_epp_request_ttft_seconds_sum{\#(labels),streaming="true"} 0.5"#,
      ])
    #expect(lines("llm_d_epp_scheduler_e2e_duration_seconds_count").last?.hasSuffix(" 1") == true)
    #expect(
      lines("kvindexer_epp_requests_total").contains { $0.hasSuffix(#"{end="completed"} 1"#) })
  }

  @Test(
    arguments: [
      (500, "ModelServerError"), (502, "ModelServerError"), (404, "NotFound"),
      (400, "BadRequest"), (429, "ResourceExhausted"), (302, nil),
    ])
  func `an engine's error is counted by what it means`(status: Int, code: String?) {
    let row = row()
    row.routed(bodyBytes: 1, hit: .unknown)
    row.failed(status: status, seconds: 1, bodyBytes: 1)
    #expect(row.running == 0)
    let errors = lines("llm_d_epp_request_error_total")
    #expect(errors.count == (code == nil ? 0 : 1))
    if let code { #expect(errors[0].contains(#"error_code="\#(code)"} 1"#)) }
  }

  @Test func `however a request ends, it is no longer running`() {
    let row = row()
    for _ in 0..<2 { row.routed(bodyBytes: 1, hit: .unknown) }
    row.aborted(seconds: 1)
    row.unobserved()
    #expect(row.running == 0)
    row.refused(Refusal(.serviceUnavailable, "none"))
    metrics.unread(refusedWith: Refusal(.badRequest, "no JSON"))
    let ends = lines("kvindexer_epp_requests_total")
    #expect(ends.contains(#"kvindexer_epp_requests_total{end="refused"} 2"#))
    #expect(ends.contains(#"kvindexer_epp_requests_total{end="aborted"} 1"#))
    #expect(ends.contains(#"kvindexer_epp_requests_total{end="unobserved"} 1"#))
    #expect(
      lines("inference_objective_request_error_total") == [
        #"inference_objective_request_error_total{model_name="",target_model_name="",error_code="BadRequest"} 1"#,
        #"inference_objective_request_error_total{model_name="m",target_model_name="t",error_code="ServiceUnavailable"} 1"#,
      ])
  }

  @Test func `the old names add up what the new labels tell apart`() {
    for (fairness, priority) in [("a", 0), ("b", 0), ("c", 1)] {
      let row = row(fairness: fairness, priority: priority)
      row.routed(bodyBytes: 100, hit: .unknown)
      row.completed(seconds: 1, usage: nil, bodyBytes: 7)
      row.routed(bodyBytes: 100, hit: .unknown)
    }
    let models = #"model_name="m",target_model_name="t""#
    #expect(
      lines("inference_objective_request_total") == [
        #"inference_objective_request_total{\#(models),priority="0"} 4"#,
        #"inference_objective_request_total{\#(models),priority="1"} 2"#,
      ])
    #expect(
      lines("inference_objective_running_requests")
        == [#"inference_objective_running_requests{model_name="m"} 3"#])
    #expect(
      lines("inference_objective_request_sizes_sum")
        == ["inference_objective_request_sizes_sum{\(models)} 600"])
    #expect(
      lines("inference_objective_response_sizes_count")
        == ["inference_objective_response_sizes_count{\(models)} 3"])
  }

  @Test func `the pool's gauges are of ready endpoints only`() {
    var sample = PickerSample()
    sample.members = [
      member("a", waiting: 1, usage: 0.25), member("b", waiting: 4, usage: 0.5),
      member("stale", waiting: 90, isStale: true), member("down", waiting: 90, isUp: false),
      member("mute", waiting: nil),
    ]
    let expected = [
      "ready_endpoints": 2, "average_queue_size": 2.5, "std_dev_queue_size": 2.12,
      "average_running_requests": 5, "std_dev_running_requests": 4.24,
      "average_kv_cache_utilization": 0.38, "std_dev_kv_cache_utilization": 0.18,
    ]
    for (name, value) in expected {
      let number = value == value.rounded() ? "\(Int(value))" : "\(value)"
      #expect(
        lines("llm_d_epp_\(name)", sample) == [#"llm_d_epp_\#(name){name="pool"} \#(number)"#])
    }
    #expect(lines("inference_pool_ready_pods", sample).last?.hasSuffix(" 2") == true)
    #expect(lines("inference_pool_average_queue_size", sample).last?.hasSuffix(" 2.5") == true)
    #expect(lines("llm_d_epp_per_endpoint_queue_size", sample).count == 4)
    #expect(lines("llm_d_epp_inflight_tokens", sample).count == 5)
    #expect(lines("kvindexer_epp_endpoints", sample).contains { $0.hasSuffix(#""down"} 1"#) })
    #expect(lines("llm_d_epp_ready_endpoints").last?.hasSuffix(" 0") == true)
    #expect(lines("llm_d_epp_average_queue_size").isEmpty)
  }

  @Test func `picks are told apart by what they rest on, and compared with what came`() {
    let row = row()
    let precise = PrefixHit(basis: .precise(.exact), matchedTokens: 64, blockTokens: 96)
    let guessed = PrefixHit(basis: .approximate(.noTokens), matchedTokens: 32, blockTokens: 96)
    for hit in [precise, guessed, .unknown] { row.routed(bodyBytes: 1, hit: hit) }
    row.predicted(precise, delivered: 64)
    row.predicted(guessed, delivered: 0)
    let picks = lines("kvindexer_epp_picks_total")
    #expect(picks.contains(#"kvindexer_epp_picks_total{basis="precise",cause=""} 1"#))
    #expect(picks.contains(#"kvindexer_epp_picks_total{basis="none",cause=""} 1"#))
    #expect(picks.contains(#"kvindexer_epp_picks_total{basis="approximate",cause="no_tokens"} 1"#))
    #expect(picks.count == 2 + ApproximationCause.allCases.count)
    let errors = lines("kvindexer_epp_prediction_error_tokens_bucket")
    #expect(errors.contains { $0.hasSuffix(#"{basis="precise",le="-1"} 0"#) })
    #expect(errors.contains { $0.hasSuffix(#"{basis="precise",le="0"} 1"#) })
    #expect(errors.contains { $0.hasSuffix(#"{basis="approximate",le="-16"} 1"#) })
    #expect(
      lines("kvindexer_epp_delivered_tokens_total").contains { $0.hasSuffix(#""precise"} 64"#) })
  }

  @Test func `labels that clients choose are bounded in number and length`() {
    for number in 0..<1500 { row("model \(number)").routed(bodyBytes: 1, hit: .unknown) }
    row(String(repeating: "x", count: 100_000)).routed(bodyBytes: 1, hit: .unknown)
    let all = metrics.requests.all
    #expect(all.count == 1001)
    #expect(all.first { $0.labels == .other }?.metric.routed.value == 501)
    #expect(metrics.requests.overflows.value == 501)
    #expect(all.allSatisfy { $0.labels.model.utf8.count < 300 })
    #expect(row("model 7") === row("model 7"))
  }

  @Test func `rows are found by many threads at once`() {
    let done = Arrivals<Int>()
    for thread in 0..<4 {
      _ = WorkerThread(name: "client") {
        for number in 0..<500 { row("\(number % 7)").routed(bodyBytes: thread, hit: .unknown) }
        done.add(thread)
      }
    }
    for _ in 0..<4 { _ = done.next() }
    #expect(metrics.requests.all.reduce(0) { $0 + $1.metric.routed.value } == 2000)
    #expect(metrics.requests.all.count == 7)
  }
}

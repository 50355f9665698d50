import EPPScorer
import KVIndexer
import Testing
import Tokenize

@testable import Service

/// The names, types, labels and buckets that dashboards for llm-d's picker read.
@Suite struct MetricNamesTests {
  private static let request = ["fairness_id", "model_name", "priority", "target_model_name"]
  private static let models = ["model_name", "target_model_name"]
  private static let plugin = ["extension_point", "plugin_name", "plugin_type"]
  private static let producer = ["plugin_name", "plugin_type"]
  private static let flow = [
    "endpoint_name", "fairness_id", "namespace", "priority", "producer_name",
  ]

  private static let seconds =
    ".005 .025 .05 .1 .2 .4 .6 .8 1 1.25 1.5 2 3 4 5 6 8 10 15 20 30 45 60 120"
  private static let longSeconds =
    seconds + " 180 240 300 360 480 600 900 1200 1800 2700 3600"
  private static let short = ".0001 .0002 .0005 .001 .002 .005 .01 .02 .05 .1"
  private static let perToken = ".001 .002 .005 .01 .02 .05 .1 .2 .5 1 2 5 10"
  private static let output = "1 8 16 32 64 128 256 512 1024 2048 4096 8192"
  private static let response = output + " 16384 32778 65536"
  private static let input = response + " 131072 262144 524288 1048576"
  private static let sizes = (6...30).map { "\(1 << $0)" }.joined(separator: " ")
  private static let ratio = "0 .1 .2 .3 .4 .5 .6 .7 .8 .9 1"

  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var kind: String
    var labels: [String]
    var buckets = ""
    var testDescription: String { name }
  }

  private static func counter(_ name: String, _ labels: [String]) -> Row {
    Row(name: name, kind: "counter", labels: labels)
  }

  private static func gauge(_ name: String, _ labels: [String]) -> Row {
    Row(name: name, kind: "gauge", labels: labels)
  }

  private static func histogram(_ name: String, _ labels: [String], _ buckets: String) -> Row {
    Row(name: name, kind: "histogram", labels: labels, buckets: buckets)
  }

  static let present: [Row] = [
    counter("request_total", request), counter("request_error_total", request + ["error_code"]),
    histogram("request_duration_seconds", request, longSeconds),
    histogram("request_size_bytes", request, sizes),
    histogram("response_size_bytes", request, response),
    histogram("request_input_tokens", request, input),
    histogram("request_output_tokens", request, output),
    histogram("request_cached_tokens", request, input), gauge("request_running", request),
    histogram("request_ntpot_seconds", request, perToken),
    histogram("request_ttft_seconds", request + ["streaming"], seconds),
    histogram(
      "request_streaming_tpot_seconds", request,
      ".0005 .00205 .005 .01 .02 .04 .06 .08 .1 .125 .15 .2 .3 .4 .5 .6 .8 1 2"),
    histogram(
      "request_streaming_itl_seconds", request,
      ".001 .005 .01 .02 .04 .06 .08 .1 .15 .2 .3 .5 .75 1 2"),
    gauge("ready_endpoints", ["name"]), gauge("average_kv_cache_utilization", ["name"]),
    gauge("average_queue_size", ["name"]), gauge("average_running_requests", ["name"]),
    gauge("std_dev_kv_cache_utilization", ["name"]), gauge("std_dev_queue_size", ["name"]),
    gauge("std_dev_running_requests", ["name"]),
    gauge("per_endpoint_queue_size", ["model_server_endpoint", "name"]),
    histogram("scheduler_e2e_duration_seconds", [], short),
    counter(
      "scheduler_attempts_total",
      ["endpoint_name", "namespace", "port", "status", "target_model_name"]),
    histogram("plugin_duration_seconds", plugin, short),
    histogram(
      "request_processing_duration_seconds", [],
      ".0005 .001 .002 .005 .01 .02 .05 .1 .2 .5 1 2 5 10"),
    histogram(
      "response_processing_duration_seconds", [],
      ".0001 .0002 .0005 .001 .002 .005 .01 .02 .05 .1 .2 .5 1 2 5"),
    gauge("info", ["build_ref", "commit"]), counter("datalayer_poll_errors_total", ["source_type"]),
    counter("datalayer_extract_errors_total", ["extractor_type", "source_type"]),
    gauge("prefix_indexer_size", producer), histogram("prefix_indexer_hit_ratio", producer, ratio),
    histogram(
      "prefix_indexer_hit_bytes", producer,
      "0 16 32 64 128 256 512 1024 2048 4096 8192 16384 32768 65536"),
    gauge("inflight_requests", flow), gauge("inflight_tokens", flow),
    counter("disagg_decision_total", producer + ["model_name", "decision_type"]),
    counter("pd_decision_total", producer + ["model_name", "decision_type"]),
  ].map { row in
    var row = row
    row.name = "llm_d_epp_" + row.name
    return row
  }

  static let deprecated: [Row] = [
    counter("inference_objective_request_total", models + ["priority"]),
    counter("inference_objective_request_error_total", models + ["error_code"]),
    histogram("inference_objective_request_duration_seconds", models, longSeconds),
    histogram("inference_objective_request_sizes", models, sizes),
    histogram("inference_objective_response_sizes", models, response),
    histogram("inference_objective_input_tokens", models, input),
    histogram("inference_objective_output_tokens", models, output),
    histogram("inference_objective_prompt_cached_tokens", models, input),
    gauge("inference_objective_running_requests", ["model_name"]),
    histogram(
      "inference_objective_normalized_time_per_output_token_seconds", models, perToken),
    gauge("inference_pool_average_kv_cache_utilization", ["name"]),
    gauge("inference_pool_average_queue_size", ["name"]),
    gauge("inference_pool_average_running_requests", ["name"]),
    gauge("inference_pool_ready_pods", ["name"]),
    histogram("inference_extension_scheduler_e2e_duration_seconds", [], short),
    histogram("inference_extension_plugin_duration_seconds", plugin, short),
    gauge("inference_extension_info", ["build_ref", "commit"]),
    gauge("inference_extension_prefix_indexer_size", producer),
    histogram("inference_extension_prefix_indexer_hit_ratio", producer, ratio),
    counter("llm_d_inference_scheduler_datalayer_poll_errors_total", ["source_type"]),
    counter(
      "llm_d_inference_scheduler_pd_decision_total", producer + ["model_name", "decision_type"]),
    counter(
      "llm_d_inference_scheduler_disagg_decision_total",
      producer + ["model_name", "decision_type"]),
  ]

  /// An exposition in which every family has a sample.
  private static let exposition: [UInt8] = {
    let metrics = PickerMetrics(poolName: "pool")
    let endpoint = Endpoint(id: EndpointID(namespace: "n", name: "e"), host: "10.0.0.1", port: 1)
    let row = metrics.row(model: "m", target: "t", fairness: "f", priority: 0)
    row.routed(bodyBytes: 1, hit: .unknown)
    row.refused(Refusal(.notFound, ""))
    let producer = ProducerLabels(name: "p", type: "t")
    metrics.attempted(AttemptLabels(.success, targetModel: "t", endpoint: endpoint))
    metrics.divided(DivisionLabels(handler: producer, model: "m", decision: "decode-only"))
    metrics.pluginDuration(PluginLabels(extensionPoint: "Scorer", type: "t", name: "n"))
      .observe(1e-4)
    metrics.prefixHits(of: producer).ratio.observe(0.5)
    var sample = PickerSample()
    var load = EndpointLoad()
    load.waitingRequests = 1
    load.runningRequests = 1
    load.cacheUsage = 0.5
    sample.members = [PickerSample.Member(endpoint, load: load, isUp: true)]
    sample.pollErrors = [(labels: [(name: "source_type", value: "s")], value: 1)]
    sample.extractErrors = [
      (labels: [(name: "source_type", value: "s"), (name: "extractor_type", value: "x")], value: 1)
    ]
    sample.indexes = [PickerSample.Index(producer, entries: 5)]
    var text = MetricsText()
    metrics.add(to: &text, sample)
    return text.bytes()
  }()

  private static let parsed: [String: PrometheusParser.Family] =
    (try? PrometheusParser.families(String(decoding: exposition, as: UTF8.self))) ?? [:]

  @Test(.enabled(if: PrometheusParser.isAvailable), arguments: present + deprecated)
  func `a metric has the name, type, labels and buckets that dashboards expect`(row: Row) throws {
    let family = try #require(Self.parsed[row.name], "\(row.name) is missing")
    #expect(family.kind == row.kind)
    #expect(family.labels == row.labels.sorted())
    let bounds = row.buckets.split(separator: " ").compactMap { Double($0) }
    #expect(family.bounds == (bounds.isEmpty ? [] : bounds + [.infinity]))
  }

  @Test func `every name is llm-d's or ours`() {
    let names = String(decoding: Self.exposition, as: UTF8.self).split(separator: "\n")
      .filter { $0.hasPrefix("# TYPE ") }.map { String($0.split(separator: " ")[2]) }
    let prefixes = [
      "llm_d_epp_", "inference_objective_", "inference_pool_", "inference_extension_",
      "llm_d_inference_scheduler_", "kvindexer_epp_",
    ]
    for name in names { #expect(prefixes.contains { name.hasPrefix($0) }, "\(name)") }
    let documented = Set((Self.present + Self.deprecated).map(\.name))
    #expect(documented.isSubset(of: names))
  }
}

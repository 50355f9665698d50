/// Says which series of an engine's metrics mean what.
///
/// Parameters and defaults are those of llm-d's `core-metrics-extractor`.
public struct CoreMetricsExtractor: Plugin, Equatable {
  public static let type = "core-metrics-extractor"

  private static let standardLabelKey = "llm-d.ai/engine-type"
  /// What llm-d called it before; it counts where no label is configured and the new one is absent.
  private static let legacyLabelKey = "inference.networking.k8s.io/engine-type"

  /// The label of an endpoint that names its engine.
  public var engineLabelKey = standardLabelKey
  /// The engine of endpoints without it.
  public var defaultEngine = "vllm"
  /// By the engine's name; configured ones stand before the built-in ones.
  public var engines: [EngineMetrics] = EngineMetrics.builtIn

  /// An extractor with the default parameters.
  public init() {}

  /// The engine of an endpoint with these labels; one without series where nobody knows it.
  public func engine(labels: [String: String]) -> EngineMetrics {
    let legacy =
      engineLabelKey == Self.standardLabelKey ? labels[Self.legacyLabelKey] : nil
    let name = labels[engineLabelKey] ?? legacy ?? defaultEngine
    return engines.first { $0.name == name } ?? engines.first { $0.name == defaultEngine }
      ?? EngineMetrics(name: name)
  }
}

/// The series of one kind of engine; nil for what it does not have.
public struct EngineMetrics: Equatable, Sendable {
  public var name: String
  public var waitingRequests: MetricSpec?
  public var runningRequests: MetricSpec?
  public var cacheUsage: MetricSpec?
  public var adapters: MetricSpec?
  public var cacheInfo: MetricSpec?
  /// Labels of `cacheInfo`.
  public var blockSizeLabel = "block_size"
  public var blockCountLabel = "num_gpu_blocks"
  /// Gauges, for engines without `cacheInfo`.
  public var blockSize: MetricSpec?
  public var blockCount: MetricSpec?

  /// An engine of which no series is known.
  public init(name: String) { self.name = name }

  /// vLLM, SGLang, TensorRT-LLM and Triton, as llm-d maps them.
  public static let builtIn: [EngineMetrics] = [
    engine("vllm") {
      $0.waitingRequests = MetricSpec("vllm:num_requests_waiting")
      $0.runningRequests = MetricSpec("vllm:num_requests_running")
      $0.cacheUsage = MetricSpec("vllm:kv_cache_usage_perc")
      $0.adapters = MetricSpec("vllm:lora_requests_info")
      $0.cacheInfo = MetricSpec("vllm:cache_config_info")
    },
    engine("sglang") {
      $0.waitingRequests = MetricSpec("sglang:num_queue_reqs")
      $0.runningRequests = MetricSpec("sglang:num_running_reqs")
      $0.cacheUsage = MetricSpec("sglang:token_usage")
      $0.cacheInfo = MetricSpec("sglang:cache_config_info")
      $0.blockSizeLabel = "page_size"
      $0.blockCountLabel = "num_pages"
    },
    engine("trtllm-serve") {
      $0.waitingRequests = MetricSpec("trtllm_num_requests_waiting")
      $0.runningRequests = MetricSpec("trtllm_num_requests_running")
      $0.cacheUsage = MetricSpec("trtllm_kv_cache_utilization")
      $0.blockSize = MetricSpec("trtllm_kv_cache_tokens_per_block")
      $0.blockCount = MetricSpec("trtllm_kv_cache_max_blocks")
    },
    engine("triton-tensorrt-llm") {
      $0.waitingRequests = MetricSpec(
        "nv_trt_llm_request_metrics", [.init(name: "request_type", value: "waiting")])
      $0.runningRequests = MetricSpec(
        "nv_trt_llm_request_metrics", [.init(name: "request_type", value: "scheduled")])
      let cache = "nv_trt_llm_kv_cache_block_metrics"
      $0.cacheUsage = MetricSpec(cache, [.init(name: "kv_cache_block_type", value: "fraction")])
      $0.blockSize = MetricSpec(cache, [.init(name: "kv_cache_block_type", value: "tokens_per")])
      $0.blockCount = MetricSpec(cache, [.init(name: "kv_cache_block_type", value: "max")])
    },
    engine("triton") {
      $0.waitingRequests = MetricSpec("nv_inference_pending_request_count")
      $0.runningRequests = MetricSpec("nv_inference_exec_count")
    },
  ]

  private static func engine(_ name: String, _ build: (inout Self) -> Void) -> Self {
    var engine = Self(name: name)
    build(&engine)
    return engine
  }
}

/// A series: its name, and labels that it must have.
public struct MetricSpec: Equatable, Hashable, Sendable {
  public struct Label: Equatable, Hashable, Sendable {
    public var name: String
    public var value: String

    /// A label.
    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  public var name: String
  public var labels: [Label]

  /// A series.
  public init(_ name: String, _ labels: [Label] = []) {
    self.name = name
    self.labels = labels
  }
}

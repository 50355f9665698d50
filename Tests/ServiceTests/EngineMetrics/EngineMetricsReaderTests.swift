import EPPScorer
import Foundation
import Simulation
import Testing

@testable import Service

@Suite struct EngineMetricsReaderTests {
  private static let fixtures = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("fixtures/engine-metrics")

  private func fixture(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: Self.fixtures.appendingPathComponent(name)))
  }

  private func engine(_ name: String) throws -> EngineMetrics {
    try #require(EngineMetrics.builtIn.first { $0.name == name })
  }

  private func read(_ text: String, _ name: String = "vllm") throws -> EngineReport {
    EngineMetricsReader(try engine(name)).read(Array(text.utf8))
  }

  @Test func `a loaded vLLM with adapters is read`() throws {
    let report = EngineMetricsReader(try engine("vllm")).read(try fixture("vllm-lora.txt"))
    #expect(report.waitingRequests == 22)
    #expect(report.runningRequests == 8)
    #expect(report.cacheUsage == 0.9098039215686274)
    #expect(
      report.adapters == AdapterLoad(active: ["chat"], waiting: ["chat"], activeMax: 1))
    #expect(report.blockSize == 16)
    #expect(report.blockCount == 256)
    #expect(report.startTime == 1.79517950704e+09)
    #expect(report.faultCount == 0)
    #expect(report.promptTokens == 3040)
    #expect(report.cacheQueries == 3040)
    #expect(report.cacheHits == 0)
    #expect(report.isSleeping == false)
    #expect([report.computedTokens, report.finishedRequests] == [3040, 0])
    #expect(report.seriesCount == 16)
  }

  @Test func `two data-parallel ranks of vLLM are taken together`() throws {
    let report = EngineMetricsReader(try engine("vllm")).read(try fixture("vllm-dp2.txt"))
    #expect(report.waitingRequests == 0)
    #expect(report.blockSize == 16)
    #expect(report.blockCount == 1024)
    let busy = try read(
      """
      vllm:num_requests_waiting{engine="0",model_name="m"} 3.0
      vllm:num_requests_waiting{engine="1",model_name="m"} 4.0
      vllm:num_requests_waiting_by_reason{engine="1",reason="capacity"} 100.0
      vllm:num_requests_running{engine="0"} 1
      vllm:kv_cache_usage_perc{engine="0"} 0.25
      vllm:kv_cache_usage_perc{engine="1"} 0.75
      """)
    #expect(busy.waitingRequests == 7)
    #expect(busy.runningRequests == 1)
    #expect(busy.cacheUsage == 0.5)
    #expect(busy.load.waitingRequests == 7)
  }

  @Test func `counters of the cache are read under the names that vLLM gave them over time`() throws
  {
    let old = try read(
      """
      vllm:gpu_prefix_cache_queries_total{engine="0"} 100
      vllm:gpu_prefix_cache_hits_total{engine="0"} 32
      """)
    #expect([old.cacheQueries, old.cacheHits] == [100, 32])
    let both = try read(
      """
      vllm:gpu_prefix_cache_queries_total{engine="0"} 100
      vllm:prefix_cache_queries_total{engine="0"} 100
      vllm:prefix_cache_queries_total{engine="1"} 50
      vllm:prefix_cache_hits_total{engine="1"} 16
      vllm:gpu_prefix_cache_hits_total{engine="0"} 16
      """)
    #expect([both.cacheQueries, both.cacheHits] == [150, 16])
    #expect(both.promptTokens == nil)
    #expect(both.isSleeping == nil)
  }

  @Test func `an engine sleeps when one of its ranks does`() throws {
    func line(_ rank: Int, _ state: String, _ value: Int) -> String {
      #"vllm:engine_sleep_state{engine="\#(rank)",sleep_state="\#(state)"} \#(value)"# + "\n"
    }
    let awake = line(0, "awake", 1) + line(0, "discard_all", 0)
    #expect(try read(awake).isSleeping == false)
    #expect(try read(awake + line(1, "awake", 0)).isSleeping == true)
    #expect(try read(line(1, "awake", 0) + awake).isSleeping == true)
  }

  @Test func `SGLang, TensorRT-LLM and Triton are read by their own names`() throws {
    let sglang = try read(
      """
      sglang:num_queue_reqs 2
      sglang:num_running_reqs 5
      sglang:token_usage 0.5
      sglang:cache_config_info{num_pages="100",page_size="64"} 1
      """, "sglang")
    #expect([sglang.waitingRequests, sglang.runningRequests] == [2, 5])
    #expect([sglang.blockSize, sglang.blockCount] == [64, 100])
    let tensorRT = try read(
      "trtllm_kv_cache_tokens_per_block 32\ntrtllm_kv_cache_max_blocks 9\n", "trtllm-serve")
    #expect([tensorRT.blockSize, tensorRT.blockCount] == [32, 9])
    let triton = try read(
      """
      nv_trt_llm_request_metrics{model="m",request_type="waiting",version="1"} 4
      nv_trt_llm_request_metrics{model="m",request_type="scheduled",version="1"} 6
      nv_trt_llm_request_metrics{model="m",request_type="max",version="1"} 1000
      nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="fraction"} 0.125
      nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="tokens_per"} 64
      nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="max"} 512
      """, "triton-tensorrt-llm")
    #expect([triton.waitingRequests, triton.runningRequests] == [4, 6])
    #expect(triton.cacheUsage == 0.125)
    #expect([triton.blockSize, triton.blockCount] == [64, 512])
  }

  @Test func `of the series about adapters the newest counts, wherever it stands`() throws {
    func line(_ running: String, _ time: String) -> String {
      #"vllm:lora_requests_info{max_lora="4",running_lora_adapters="\#(running)","#
        + #"waiting_lora_adapters=""} \#(time)"# + "\n"
    }
    let report = try read(line("a", "1.5e9") + line("b, c,", "1.7e9") + line("d", "1.6e9"))
    #expect(report.adapters == AdapterLoad(active: ["b", "c"], waiting: [], activeMax: 4))
  }

  @Test func `what OpenMetrics adds is passed over`() throws {
    let report = try read(
      """
      # TYPE vllm:num_requests_waiting gauge
      vllm:num_requests_waiting{ engine = "0" , } 3 1712345678.5 # {trace_id="a b} c"} 0.67 1.2
      vllm:num_requests_running{a="x\\"} 9",b="\\\\"}\t4\r
      vllm:kv_cache_usage_perc 5e-1
      # EOF
      """)
    #expect([report.waitingRequests, report.runningRequests] == [3, 4])
    #expect(report.cacheUsage == 0.5)
  }

  @Test func `labels are compared as they are meant`() throws {
    var engine = EngineMetrics(name: "own")
    engine.waitingRequests = MetricSpec("w", [.init(name: "k", value: "a\"b\n\\")])
    let reader = EngineMetricsReader(engine)
    #expect(reader.read(Array(#"w{k="a\"b\n\\"} 2"#.utf8)).waitingRequests == 2)
    #expect(reader.read(Array(#"w{k="a"} 2"#.utf8)).waitingRequests == nil)
    #expect(reader.read(Array("w 2".utf8)).waitingRequests == nil)
  }

  @Test(arguments: [
    "vllm:num_requests_waiting NaN", "vllm:num_requests_waiting +Inf",
    "vllm:num_requests_waiting -1", "vllm:num_requests_waiting", "vllm:num_requests_waiting x",
    #"vllm:num_requests_waiting{a="b" 3"#, #"vllm:num_requests_waiting{a=b} 3"#,
    #"vllm:cache_config_info{block_size="0"} 1"#, #"vllm:cache_config_info{num_gpu_blocks="-1"} 1"#,
    "vllm:lora_requests_info 5",
  ]) func `a wanted series that makes no sense is counted and says nothing`(
    _ line: String
  ) throws {
    let report = try read(line + "\nvllm:num_requests_running 1\n")
    #expect(report.faultCount == 1)
    #expect(report.seriesCount == 1)
    #expect(report.runningRequests == 1)
    #expect(report.waitingRequests == nil)
    #expect(report.blockSize == nil)
    #expect(report.blockCount == nil)
  }

  @Test func `an engine that does not know its blocks yet says nothing of them`() throws {
    let report = try read(#"vllm:cache_config_info{block_size="16",num_gpu_blocks="None"} 1"#)
    #expect(report.blockSize == 16)
    #expect(report.blockCount == nil)
    #expect(report.faultCount == 0)
  }

  @Test(arguments: TestSeeds.upTo(40))
  func `no bytes stop the reader`(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let reader = EngineMetricsReader(try engine("vllm"))
    let wanted = String(decoding: try fixture("vllm-lora.txt"), as: UTF8.self)
      .split(separator: "\n").filter { line in
        ["vllm:num_req", "vllm:kv_cache_u", "vllm:lora_r", "vllm:cache_c"].contains {
          line.hasPrefix($0)
        }
      }
    let page = Array(wanted.joined(separator: "\n").utf8)
    for _ in 0..<300 {
      var mutated = Array(page.prefix(random.below(page.count + 1)))
      for _ in 0..<random.below(6) where !mutated.isEmpty {
        let place = random.below(mutated.count)
        let special = Array("{}\"\\=, \n\t#".utf8)
        mutated[place] =
          random.below(2) == 0 ? special[random.below(special.count)] : UInt8(random.below(256))
      }
      let report = reader.read(mutated)
      #expect(report.waitingRequests ?? 0 >= 0)
      #expect((0...1).contains(report.cacheUsage ?? 0))
    }
  }

  @Test(arguments: TestSeeds.upTo(40))
  func `a random page gives the sums of its series`(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var waiting: Int?
    var usages: [Double] = []
    var lines: [String] = []
    for index in 0..<random.inside(1...60) {
      let labels = random.below(2) == 0 ? "" : #"{engine="\#(index)",m="a\"\\b"}"#
      let end = random.below(3) == 0 ? " 1700000000" : ""
      switch random.below(4) {
      case 0:
        let value = random.below(1000)
        waiting = (waiting ?? 0) + value
        lines.append("vllm:num_requests_waiting\(labels) \(value).0\(end)")
      case 1:
        usages.append(random.fraction())
        lines.append("vllm:kv_cache_usage_perc\(labels) \(usages[usages.count - 1])\(end)")
      case 2: lines.append("vllm:num_requests_swapped\(labels) 5\(end)")
      default: lines.append("# HELP vllm:num_requests_waiting 7")
      }
    }
    let report = try read(lines.joined(separator: "\n"))
    #expect(report.waitingRequests == waiting)
    #expect(
      report.cacheUsage
        == (usages.isEmpty ? nil : usages.reduce(0, +) / Double(usages.count)))
    #expect(report.faultCount == 0)
  }
}

import Foundation
import KVIndexer
import Service
import Simulation
import Testing

@Suite struct SimulatedServerTests {
  @Test func `a second request reports the blocks that the first one cached`() throws {
    let harness = try ModelServerHarness()
    let prompt = 0..<40
    for expected in [0, 32, 32] {
      let answer = try harness.complete(prompt, #","max_tokens":4,"return_token_ids":true"#)
      #expect(answer.usage.promptTokens == 40)
      #expect(answer.usage.completionTokens == 4)
      #expect(answer.usage.totalTokens == 44)
      #expect(answer.usage.promptTokensDetails.cachedTokens == expected)
      #expect(answer.choices.map(\.finishReason) == ["length"])
      #expect(answer.choices.first?.promptTokenIds == prompt.map(UInt32.init))
      #expect(answer.choices.first?.tokenIds?.count == 4)
    }
    #expect(try harness.complete(prompt, #","cache_salt":"a""#).usage.cachedTokens == 0)
    #expect(try harness.complete(prompt, #","prompt_logprobs":0"#).usage.cachedTokens == 0)
    #expect(try harness.complete(prompt).choices.first?.tokenIds == nil)
  }

  @Test func `texts are rendered as they are generated from, and answers are stable`() throws {
    struct Rendered: Decodable, Equatable {
      var tokenIds: [UInt32]
      var cacheSalt: String?
      var samplingParams: [String: Int]
    }
    let harness = try ModelServerHarness()
    let fields = #""prompt":["a few words","t7  again"],"max_tokens":3,"return_token_ids":true"#
    let reply = try harness.post("/v1/completions/render", #"{\#(fields),"cache_salt":"s"}"#)
    let rendered: [Rendered] = try harness.decode(reply)
    let answer = try harness.complete(fields)
    #expect(rendered.map(\.tokenIds) == answer.choices.map(\.promptTokenIds))
    #expect(rendered.map(\.tokenIds.count) == [3, 2])
    #expect(rendered.last?.tokenIds.first == 7)
    #expect(rendered.map(\.cacheSalt) == ["s", "s"])
    #expect(rendered.map(\.samplingParams) == [["max_tokens": 3], ["max_tokens": 3]])
    for choice in answer.choices {
      #expect(WordTokenizer(vocabularySize: 32_000).tokens(of: choice.text) == choice.tokenIds)
    }
  }

  @Test func `events are published before the answer, and replayed`() throws {
    let harness = try ModelServerHarness()
    let subscriber = SubscriptionHarness()
    defer { subscriber.loop.stop() }
    let configuration = harness.server.configuration
    try subscriber.loop.add(
      SubscriptionTarget(
        source: SourceID(0), endpoint: configuration.eventEndpoint,
        replayEndpoint: configuration.replayEndpoint))
    _ = try harness.complete(0..<40, #","max_tokens":30"#)
    let events = harness.server.status.events
    #expect(events.blocksStored == 4)
    #expect(subscriber.recorder.wait(forBatches: events.batches))
    var decoder = EventDecoder(seed: 0)
    var batch = EventBatch()
    var hashes = 0
    for message in subscriber.recorder.all.batches(of: SourceID(0)) {
      try message.payload.withUnsafeBytes { try decoder.decode($0, into: &batch) }
      hashes += batch.events.reduce(0) { $0 + $1.hashes.count }
    }
    #expect(hashes == 4)
  }

  @Test func `a killed server fails its requests, and its successor has an empty cache`() throws {
    let harness = try ModelServerHarness(stepTime: .seconds(1_000))
    let replies = Arrivals<HTTPClient.Reply?>()
    for number in 0..<3 {
      _ = WorkerThread(name: "client") {
        replies.add(
          try? harness.post("/v1/completions", #"{"prompt":[\#(number),1,2,3]}"#))
      }
    }
    #expect(
      harness.waits {
        let counters = harness.server.status.counters
        return counters.requestsRunning + counters.requestsWaiting == 3
      })
    harness.server.kill()
    for _ in 0..<3 {
      // The error, unless the process was gone before it was sent.
      let reply = try #require(replies.next())
      #expect(reply.map(\.status) ?? 500 == 500)
    }
    #expect(throws: HTTPClientError.self) { try harness.get("/health") }

    var configuration = harness.server.configuration
    configuration.stepTime.base = .zero
    let successor = try ModelServerHarness(configuration)
    #expect(successor.server.configuration == configuration)
    #expect(try successor.get("/health").status == 200)
    #expect(try successor.complete(0..<40, #","max_tokens":1"#).usage.cachedTokens == 0)
    #expect(successor.server.status.events.batches == 1)
  }

  @Test func `requests share steps, and a stopping server finishes them`() throws {
    let harness = try ModelServerHarness(stepTime: .milliseconds(1))
    // Nothing is computed until all of them are there.
    #expect(try harness.post("/sleep", "").status == 200)
    let replies = Arrivals<HTTPClient.Reply?>()
    for number in 0..<4 {
      _ = WorkerThread(name: "client") {
        replies.add(
          try? harness.post("/v1/completions", #"{"prompt":[\#(number)],"max_tokens":200}"#))
      }
    }
    #expect(
      harness.waits {
        let counters = harness.server.status.counters
        return counters.requestsRunning + counters.requestsWaiting == 4
      })
    #expect(try harness.post("/wake_up", "").status == 200)
    harness.server.stop()
    for _ in 0..<4 {
      let reply = try #require(replies.next())
      #expect(reply?.status == 200)
    }
  }

  @Test func `a reset empties the cache unless it is in use`() throws {
    let harness = try ModelServerHarness()
    _ = try harness.complete(0..<40)
    #expect(try harness.post("/reset_prefix_cache", "").text == #"{"success":true}"#)
    #expect(try harness.complete(0..<40).usage.cachedTokens == 0)

    let busy = try ModelServerHarness(stepTime: .seconds(1_000))
    _ = WorkerThread(name: "client") { _ = try? busy.complete(0..<40) }
    #expect(busy.waits { busy.server.status.counters.requestsRunning == 1 })
    #expect(try busy.post("/reset_prefix_cache", "").text == #"{"success":false}"#)
    busy.server.kill()
  }

  @Test func `a sleeping server has lost its cache, says so, and answers when it is awake`() throws
  {
    let harness = try ModelServerHarness()
    _ = try harness.complete(0..<40)
    #expect(try harness.post("/sleep", "").status == 200)
    let state = #"model_name="simulated",sleep_state="awake"}"#
    #expect(try harness.get("/metrics").text.contains(state + " 0\n"))
    let answer = Lock()
    nonisolated(unsafe) var cached: Int?
    let client = WorkerThread(name: "client") {
      let tokens = try? harness.complete(0..<40).usage.cachedTokens
      answer.withLock { cached = tokens }
    }
    #expect(harness.waits { harness.server.status.counters.requestsWaiting == 1 })
    #expect(answer.withLock { cached } == nil)
    #expect(try harness.post("/wake_up", "").status == 200)
    client.join()
    #expect(answer.withLock { cached } == 0)
    #expect(try harness.get("/metrics").text.contains(state + " 1\n"))
  }

  @Test func `metrics have the names of vLLM`() throws {
    let harness = try ModelServerHarness()
    for _ in 0..<2 { _ = try harness.complete(0..<40) }
    let text = try harness.get("/metrics").text
    let labels = #"{engine="0",model_name="simulated"}"#
    for line in [
      "vllm:num_requests_running\(labels) 0", "vllm:num_requests_waiting\(labels) 0",
      "vllm:kv_cache_usage_perc\(labels) 0", "vllm:prefix_cache_queries_total\(labels) 80",
      "vllm:prefix_cache_hits_total\(labels) 32", "vllm:prompt_tokens_total\(labels) 80",
      #"vllm:prompt_tokens_by_source_total{engine="0",model_name="simulated","#
        + #"source="local_compute"} 48"#,
      #"vllm:request_success_total{engine="0",model_name="simulated","#
        + #"finished_reason="length"} 2"#,
      #"vllm:engine_sleep_state{engine="0",model_name="simulated",sleep_state="awake"} 1"#,
      "vllm:num_preemptions_total\(labels) 0",
      #"vllm:cache_config_info{block_size="16",enable_prefix_caching="True",engine="0","#
        + #"num_gpu_blocks="65"} 1"#,
    ] {
      #expect(text.contains(line + "\n"), "\(line)")
    }
    #expect(text.contains("\nprocess_start_time_seconds 1"))
  }

  @Test func `a server says what it serves and where its events are`() throws {
    struct Models: Decodable {
      struct Model: Decodable { var id: String }
      var data: [Model]
    }
    struct Source: Decodable {
      var endpoint: String
      var replayEndpoint: String
    }
    let harness = try ModelServerHarness()
    let models: Models = try harness.decode(harness.get("/v1/models"))
    #expect(models.data.map(\.id) == ["simulated"])
    let sources: [String: Source] = try harness.decode(harness.get("/kv_event_sources"))
    #expect(sources["0"]?.endpoint == harness.server.configuration.eventEndpoint)
    #expect(sources["0"]?.endpoint.hasPrefix("tcp://127.0.0.1:") == true)
    #expect(sources["0"]?.replayEndpoint == harness.server.configuration.replayEndpoint)
  }

  @Test func `an adapter is served under its name, apart from its model`() throws {
    struct Models: Decodable {
      struct Model: Decodable, Equatable {
        var id: String
        var parent: String?
      }
      var data: [Model]
    }
    var configuration = SimulatedServerConfiguration(engine: EngineConfiguration(blockCount: 65))
    configuration.adapters = ["sql"]
    let harness = try ModelServerHarness(configuration)
    let models: Models = try harness.decode(harness.get("/v1/models"))
    #expect(
      models.data == [
        Models.Model(id: "simulated"), Models.Model(id: "sql", parent: "simulated"),
      ])
    for (model, expected) in [("simulated", 0), ("sql", 0), ("sql", 32), ("simulated", 32)] {
      let answer = try harness.complete(0..<40, #","model":"\#(model)""#)
      #expect(answer.usage.cachedTokens == expected)
    }
    #expect(try harness.post("/v1/completions", #"{"prompt":"a","model":"math"}"#).status == 404)
  }

  @Test(arguments: [
    (#"{"prompt":"#, 400, "Bad Request", "body.prompt"),
    (#"{"prompt":["a",1]}"#, 400, "Bad Request", "body.prompt"),
    (#"{"prompt":[1,"a"]}"#, 400, "Bad Request", "body.prompt"),
    (#"{"prompt":[1],"stream":1}"#, 400, "Bad Request", "body.stream"),
    (#"{"prompt":[1],"n":2}"#, 400, "BadRequestError", "n"),
    (#"{"prompt":[1],"max_tokens":0}"#, 400, "BadRequestError", "max_tokens"),
    (#"{"prompt":[1],"model":"other"}"#, 404, "NotFoundError", "model"),
    (#"{"prompt":[1],"cache_salt":"a@b"}"#, 400, "BadRequestError", "cache_salt"),
    (#"{"prompt":[32000]}"#, 400, "BadRequestError", nil),
    (#"{"prompt":" "}"#, 400, "BadRequestError", "prompt"),
    (#"{"prompt":[]}"#, 400, "BadRequestError", "prompt"),
    (#"{}"#, 400, "BadRequestError", "prompt"),
    (
      #"{"prompt":[\#(Array(repeating: "1", count: 64).joined(separator: ","))]}"#, 400,
      "BadRequestError", "max_tokens"
    ),
    (
      #"{"prompt":[\#(Array(repeating: "1", count: 65).joined(separator: ","))]}"#, 400,
      "BadRequestError", "input_tokens"
    ),
  ]) func `what is wrong with a request is said as vLLM says it`(
    _ body: String, _ status: Int, _ type: String, _ param: String?
  ) throws {
    let harness = try ModelServerHarness(blocks: 4)
    let reply = try harness.post("/v1/completions", body)
    #expect(reply.status == status)
    let failure: ModelServerHarness.Failure = try harness.decode(reply)
    #expect(failure.error == .init(type: type, param: param, code: status))
  }

  @Test func `unknown paths and methods get the answers of the web framework`() throws {
    let harness = try ModelServerHarness()
    #expect(try harness.get("/nothing").text == #"{"detail":"Not Found"}"#)
    let reply = try harness.get("/v1/completions")
    #expect(reply.status == 405)
    #expect(reply.text == #"{"detail":"Method Not Allowed"}"#)
  }
}

extension ModelServerHarness.Completion.Usage {
  fileprivate var cachedTokens: Int { promptTokensDetails.cachedTokens }
}

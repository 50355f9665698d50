import Foundation
import KVIndexer
import Service
import Testing

/// From text to scores: simulated servers render, generate and publish events; nothing is faked.
@Suite(.serialized) struct TextScoreTests {
  private static let words = (0..<100).map { "word\($0)" }.joined(separator: " ")
  private static let chat =
    #"[{"role":"system","content":"\#(words)"},{"role":"user","content":"hi"}]"#

  @Test func `a text is rendered, and matches what the engine then reports as cached`() throws {
    let fleet = try RenderedFleet()
    let body = #"{"model": "simulated", "prompt": "\#(Self.words)"}"#
    _ = try fleet.generate("/v1/completions", body, on: 0)
    try fleet.settle()
    let answer = try fleet.score(body)
    #expect(answer.status == 200, "\(answer.message)")
    #expect(answer.tokensFrom == "rendered")
    #expect(answer.json["prompt_tokens"]?.integer == 100)
    #expect(answer.json["partial"] == .bool(false))
    #expect(answer.json["reason"] == .null)
    #expect(answer.matched == ["s0": 96, "s1": 0])
    #expect(try fleet.score(body).tokensFrom == "cached")
    #expect(try fleet.generate("/v1/completions", body, on: 0) == 96)
  }

  @Test func `a chat is rendered by the server's own template`() throws {
    let fleet = try RenderedFleet()
    let request = #"{"model": "simulated", "messages": \#(Self.chat)}"#
    _ = try fleet.generate("/v1/chat/completions", request, on: 1)
    try fleet.settle()
    for body in [
      #"{"messages": \#(Self.chat)}"#,
      #"{"path": "/v1/chat/completions", "body": \#(request)}"#,
    ] {
      let answer = try fleet.score(body)
      #expect(answer.json["prompt_tokens"]?.integer == 106, "\(answer.message)")
      #expect(answer.matched == ["s0": 0, "s1": 96])
    }
    #expect(try fleet.generate("/v1/chat/completions", request, on: 1) == 96)
  }

  @Test func `token ids in a body need no renderer`() throws {
    let fleet = try RenderedFleet(1) { $0.rendering = nil }
    let tokens = (0..<40).map { $0 }
    _ = try fleet.generate("/v1/completions", #"{"prompt": \#(tokens)}"#, on: 0)
    try fleet.settle()
    for (path, field) in [
      ("/v1/completions", "prompt"), ("/inference/v1/generate", "token_ids"),
      ("/generate", "input_ids"),
    ] {
      let answer = try fleet.score(
        #"{"path": "\#(path)", "body": {"\#(field)": \#(tokens), "sampling_params": {}}}"#)
      #expect(answer.tokensFrom == "given", "\(answer.message)")
      #expect(answer.matched == ["s0": 32])
    }
  }

  @Test func `the tokens come back when they are asked for`() throws {
    let fleet = try RenderedFleet(1)
    let answer = try fleet.score(#"{"prompt": "t1 t2 t3", "return_tokens": true}"#)
    #expect(answer.json["tokens"]?.array?.compactMap(\.integer) == [1, 2, 3])
    let several = try fleet.score(
      #"{"path": "/v1/completions", "body": {"prompt": ["t1", "t2 t3"]}, "return_tokens": true}"#)
    #expect(
      several.json["tokens"]?.array?.map { $0.array?.compactMap(\.integer) } == [[1], [2, 3]])
    #expect(several.json["prompt_tokens"]?.integer == 3)
    #expect(try fleet.score(#"{"prompt": "t1"}"#).json["tokens"] == nil)
  }

  @Test func `a salt in a body keeps its prompt apart, and one beside it goes first`() throws {
    let fleet = try RenderedFleet(1)
    let body = #"{"prompt": "\#(Self.words)", "cache_salt": "alice"}"#
    _ = try fleet.generate("/v1/completions", body, on: 0)
    try fleet.settle()
    func matched(_ request: String) throws -> Int? { try fleet.score(request).matched["s0"] }
    #expect(try matched(#"{"path": "/v1/completions", "body": \#(body)}"#) == 96)
    #expect(try matched(body) == 96)
    #expect(try matched(#"{"prompt": "\#(Self.words)"}"#) == 0)
    #expect(
      try matched(#"{"path": "/v1/completions", "body": \#(body), "cache_salt": "bob"}"#) == 0)
  }

  @Test func `the best endpoints come first when a number of them is asked for`() throws {
    let fleet = try RenderedFleet(3)
    let body = #"{"prompt": "\#(Self.words)"}"#
    _ = try fleet.generate("/v1/completions", body, on: 2)
    _ = try fleet.generate(
      "/v1/completions", #"{"prompt": "\#(Self.words.prefix(300))"}"#, on: 1)
    try fleet.settle()
    let answer = try fleet.score(#"{"prompt": "\#(Self.words)", "top_k": 2}"#)
    let names = answer.json["endpoints"]?.array?.map { $0["endpoint"]?.string }
    #expect(names == ["s2", "s1"])
    let scores = answer.json["endpoints"]?.array?.compactMap { $0["score"]?.number } ?? []
    #expect(scores.first == 0.96)
  }

  @Test func `a batch answers each request, and a bad one with its own error`() throws {
    let fleet = try RenderedFleet()
    let answer = try fleet.score(
      #"""
      {"requests": [{"prompt": "t1 t2"}, {"tokens": [1, 2, 3]}, {"tokens": "x"},
                    {"prompt": "t1", "model": "other"}, {"prompt": "t1 t2"}]}
      """#)
    #expect(answer.status == 200)
    let results = try #require(answer.json["results"]?.array)
    #expect(results.map { $0["prompt_tokens"]?.integer } == [2, 3, nil, nil, 2])
    #expect(results[2]["error"]?["param"]?.string == "tokens")
    #expect(results[3]["error"]?["type"]?.string == "not_found")
  }

  @Test func `a reservation takes a text, and shows in the next score of it`() throws {
    let fleet = try RenderedFleet()
    _ = try fleet.generate(
      "/v1/completions",
      #"{"prompt": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]}"#, on: 0)
    try fleet.settle()
    let claim = try fleet.harness.send(
      "POST", "/v1/reservations",
      #"{"request_id": "r", "endpoint": "s0", "prompt": "\#(Self.words)"}"#)
    #expect(claim.status == 201, "\(claim.message)")
    #expect(claim.json["reserved_blocks"]?.integer == 6)
    let answer = try fleet.score(#"{"prompt": "\#(Self.words)"}"#)
    let entry = answer.json["endpoints"]?.array?.first
    #expect(entry?["reserved_tokens"]?.integer == 96)
    #expect(entry?["matched_tokens"]?.integer == 0)
    #expect(answer.tokensFrom == "cached")
  }

  @Test func `the paths of llm-d-kv-cache answer with scores by pod`() throws {
    let fleet = try RenderedFleet()
    _ = try fleet.generate("/v1/completions", #"{"prompt": "\#(Self.words)"}"#, on: 0)
    _ = try fleet.generate("/v1/chat/completions", #"{"messages": \#(Self.chat)}"#, on: 1)
    try fleet.settle()
    let text = try fleet.harness.send(
      "POST", "/score_completions", #"{"prompt": "\#(Self.words)", "model": "simulated"}"#)
    #expect(text.json == .object(["s0": .number(6)]))
    let chat = try fleet.harness.send(
      "POST", "/score_chat_completions", #"{"messages": \#(Self.chat), "model": "simulated"}"#)
    #expect(chat.json == .object(["s1": .number(6)]))
  }

  @Test func `without a renderer a text is estimated, marked, and matches nothing`() throws {
    let fleet = try RenderedFleet { $0.rendering = nil }
    _ = try fleet.generate("/v1/completions", #"{"prompt": "\#(Self.words)"}"#, on: 0)
    try fleet.settle()
    let answer = try fleet.score(#"{"prompt": "\#(Self.words)"}"#)
    #expect(answer.status == 200)
    #expect(answer.tokensFrom == "estimated")
    #expect(answer.json["partial"] == .bool(true))
    #expect(answer.json["reason"]?.string?.contains("switched off") == true)
    #expect(answer.json["prompt_tokens"]?.integer == (Self.words.utf8.count + 3) / 4)
    #expect(answer.matched == ["s0": 0, "s1": 0])
    let claim = try fleet.harness.send(
      "POST", "/v1/reservations", #"{"request_id": "r", "endpoint": "s0", "prompt": "a"}"#)
    #expect(claim.status == 503)
    #expect(claim.type == "tokens_unavailable")
  }

  @Test func `a request for log probabilities of its prompt matches nothing, as in the engine`()
    throws
  {
    let fleet = try RenderedFleet(1)
    let plain = #"{"prompt": "\#(Self.words)"}"#
    _ = try fleet.generate("/v1/completions", plain, on: 0)
    try fleet.settle()
    let body = #"{"prompt": "\#(Self.words)", "prompt_logprobs": 0}"#
    let answer = try fleet.score(#"{"path": "/v1/completions", "body": \#(body)}"#)
    #expect(answer.matched == ["s0": 0])
    #expect(answer.json["prompt_tokens"]?.integer == 100)
    #expect(answer.json["partial"] == .bool(false))
    #expect(answer.json["reason"]?.string?.contains("log probabilities") == true)
    #expect(try fleet.generate("/v1/completions", body, on: 0) == 0)
    #expect(try fleet.score(plain).matched == ["s0": 96])
  }

  @Test func `a text that no engine renders is estimated, with the reason`() throws {
    let fleet = try RenderedFleet(1)
    let answer = try fleet.score(#"{"path": "/generate", "body": {"text": "Once upon a time"}}"#)
    #expect(answer.tokensFrom == "estimated", "\(answer.message)")
    #expect(answer.json["reason"]?.string?.contains("/generate can't be rendered") == true)
    let embedded = try fleet.score(
      #"{"path": "/v1/completions", "body": {"prompt_embeds": "AAAA"}}"#)
    #expect(embedded.tokensFrom == "estimated", "\(embedded.message)")
    #expect(embedded.json["reason"]?.string?.contains("embeddings") == true)
  }

  @Test func `what the renderer refuses is estimated with its words`() throws {
    let fleet = try RenderedFleet(1)
    let long = (0..<20_000).map { "w\($0)" }.joined(separator: " ")
    let answer = try fleet.score(#"{"prompt": "\#(long)"}"#)
    #expect(answer.status == 200)
    #expect(answer.tokensFrom == "estimated")
    #expect(answer.json["reason"]?.string?.contains("maximum context length") == true)
  }
}

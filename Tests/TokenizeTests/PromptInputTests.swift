import Testing
import Tokenize

@Suite struct PromptInputTests {
  private func prompt(_ text: String) throws -> PromptInput {
    try ScoreRequest(parsing: Array(text.utf8)).prompt
  }

  private func body(_ api: InferenceAPI, _ text: String) -> PromptInput {
    .body(api, Array(text.utf8))
  }

  @Test func `a text becomes the body of a completion, with its bytes as they were`() throws {
    #expect(
      try prompt(#"{"prompt": "caf\u00e9 \/", "model": "tiny", "add_special_tokens": false}"#)
        == body(
          .completions,
          #"{"model":"tiny","prompt":"caf\u00e9 \/","add_special_tokens":false}"#))
    #expect(try prompt(#"{"prompt": [1, 2]}"#) == body(.completions, #"{"prompt":[1, 2]}"#))
  }

  @Test func `messages become the body of a chat, with the order of keys kept`() throws {
    let messages = #"[{"role": "user",  "content": "hi"}]"#
    let tools = #"[{"type":"function","function":{"z":1,"a":{"y":1.0,"b":2}}}]"#
    #expect(
      try prompt(#"{"tools": \#(tools), "messages": \#(messages), "top_k": 3}"#)
        == body(.chatCompletions, #"{"tools":\#(tools),"messages":\#(messages)}"#))
  }

  @Test(arguments: InferenceAPI.allCases)
  func `a path says what its body is, and the body is kept`(_ api: InferenceAPI) throws {
    let inner = #"{ "b": 1, "a": [ 2 ] }"#
    #expect(
      try prompt(#"{"path": "\#(api.path)", "body": \#(inner)}"#) == body(api, inner))
  }

  @Test func `a path without a prompt is refused by name`() {
    let error = #expect(throws: RequestBodyError.self) {
      try prompt(#"{"path": "/v1/embeddings", "body": {}}"#)
    }
    #expect(error?.param == "path")
    #expect(error?.message.contains("/v1/chat/completions") == true)
  }

  @Test func `a batch keeps its good requests when one is bad`() throws {
    let text = #"""
      {"deadline_ms": 20, "requests": [{"tokens": [1]}, {"token": [1]}, {"prompt": "a"}]}
      """#
    let batch = try ScoreBatchRequest(parsing: Array(text.utf8))
    #expect(batch.deadlineMilliseconds == 20)
    #expect(batch.requests.count == 3)
    #expect(try batch.requests[0].get().prompt == .tokens([1]))
    #expect(throws: RequestBodyError.self) { try batch.requests[1].get() }
    #expect(try batch.requests[2].get().prompt == body(.completions, #"{"prompt":"a"}"#))
  }

  @Test(arguments: [
    (#"{"requests": [{"tokens": []}]}"#, true), (#"{"deadline_ms": 1, "requests": []}"#, true),
    (#"{"tokens": [1], "requests": []}"#, false), (#"{"prompt": "requests"}"#, false),
    ("[]", false), ("", false), (#"{"deadline_ms": 1}"#, false),
  ]) func `a batch is known by its first field`(_ text: String, _ isBatch: Bool) {
    #expect(ScoreBatchRequest.matches(Array(text.utf8)) == isBatch)
  }

  @Test(arguments: [
    #"{"requests": []}"#, #"{"requests": 1}"#, #"{"requests": [{]}"#, #"{"deadline_ms": 0}"#,
    #"{"requests": [{"tokens": []}], "model": "a"}"#,
  ]) func `a malformed batch is refused`(_ text: String) {
    #expect(throws: RequestBodyError.self) { try ScoreBatchRequest(parsing: Array(text.utf8)) }
  }

  @Test func `a reservation takes the same prompts`() throws {
    let request = try ReservationRequest(
      parsing: Array(
        #"{"request_id":"r","endpoint":"e","path":"/generate","body":{"input_ids":[1]}}"#.utf8))
    #expect(request.prompt == body(.sglangGenerate, #"{"input_ids":[1]}"#))
  }
}

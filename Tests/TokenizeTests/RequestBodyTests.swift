import Testing
import Tokenize

@Suite struct RequestBodyTests {
  private func score(_ text: String) throws -> ScoreRequest {
    try ScoreRequest(parsing: Array(text.utf8))
  }

  private func reservation(_ text: String) throws -> ReservationRequest {
    try ReservationRequest(parsing: Array(text.utf8))
  }

  private static let promptForms =
    "the prompt is given once, as `tokens`, as `prompt`, as `messages`, or as `path` and `body`"

  @Test func `a score request has all its fields`() throws {
    let request = try score(
      #"""
      {"model": "tiny", "tokens": [1, 2, 3], "cache_salt": "s", "lora": "a",
       "endpoints": ["vllm-0", "vllm-1"], "detail": true, "top_k": 2, "deadline_ms": 50,
       "return_tokens": true}
      """#)
    #expect(request.model == "tiny")
    #expect(request.prompt == .tokens([1, 2, 3]))
    #expect(request.cacheSalt == "s")
    #expect(request.lora == "a")
    #expect(request.endpoints == ["vllm-0", "vllm-1"])
    #expect(request.detail)
    #expect(request.topK == 2)
    #expect(request.deadlineMilliseconds == 50)
    #expect(request.returnsTokens)
  }

  @Test func `fields that are null count as absent`() throws {
    let request = try score(
      #"{"model":null,"tokens":[],"cache_salt":null,"lora":null,"endpoints":null,"detail":null}"#)
    #expect(request == (try score(#"{"tokens":[]}"#)))
    #expect(request.model == nil)
    #expect(!request.detail)
  }

  @Test(arguments: [
    ("", nil, "line 1, column 1: the text ends too early"),
    ("[]", nil, "line 1, column 1: expected an object, not an array"),
    ("{}", nil, "line 1, column 1: " + Self.promptForms),
    (#"{"tokens": null}"#, nil, "line 1, column 1: " + Self.promptForms),
    (#"{"tokens": [1], "prompt": "a"}"#, nil, "line 1, column 1: " + Self.promptForms),
    (
      #"{"path": "/v1/completions", "tokens": [1]}"#, "body",
      "line 1, column 1: body: `path` and `body` belong together"
    ),
    (
      #"{"body": {"prompt": "a"}}"#, "path",
      "line 1, column 1: path: `path` and `body` belong together"
    ),
    (
      #"{"prompt": "a", "tools": []}"#, "tools",
      "line 1, column 1: tools: the field belongs to `messages`"
    ),
    (#"{"top_k": 0}"#, "top_k", "line 1, column 11: top_k: expected an integer from 1 to 1000000"),
    (
      "{\n  \"tokens\": \"1 2\"}", "tokens",
      "line 2, column 13: tokens: expected an array, not a string"
    ),
    (
      #"{"tokens": [1, -2]}"#, "tokens",
      "line 1, column 16: tokens: expected an integer from 0 to 4294967295"
    ),
    (
      #"{"token": [1]}"#, "token", "line 1, column 2: token: unknown field; did you mean 'tokens'?"
    ),
    (
      #"{"zzz": [1]}"#, "zzz",
      "line 1, column 2: zzz: unknown field; "
        + "the fields are model, lora, endpoints, detail, cache_salt, top_k, deadline_ms, "
        + "return_tokens, request_id, tokens, prompt, messages, path, body, tools, tool_choice, "
        + "chat_template, chat_template_kwargs, add_generation_prompt, continue_final_message, "
        + "add_special_tokens"
    ),
    (
      #"{"tokens": [1], "tokens": [2]}"#, "tokens",
      "line 1, column 17: tokens: the field is given twice"
    ),
    (#"{"model": ""}"#, "model", "line 1, column 11: model: must not be empty"),
    (
      #"{"endpoints": [1]}"#, "endpoints",
      "line 1, column 16: endpoints: expected a string, not a number"
    ),
    (
      #"{"detail": 1}"#, "detail",
      "line 1, column 12: detail: expected true or false, not a number"
    ),
    (#"{"tokens": []} x"#, nil, "line 1, column 16: expected nothing more after the value"),
  ]) func `an error names the field, the line and the column`(
    _ text: String, _ param: String?, _ message: String
  ) throws {
    let error = #expect(throws: RequestBodyError.self) { try score(text) }
    #expect(error == RequestBodyError(message: message, param: param))
  }

  @Test func `a reservation has all its fields`() throws {
    let request = try reservation(
      #"""
      {"request_id": "r", "endpoint": "vllm-0", "model": "tiny", "tokens": [7], "cache_salt": "s",
       "lora": "a", "ttl_ms": 500}
      """#)
    #expect(request.requestID == "r")
    #expect(request.endpoint == "vllm-0")
    #expect(request.model == "tiny")
    #expect(request.prompt == .tokens([7]))
    #expect(request.cacheSalt == "s")
    #expect(request.lora == "a")
    #expect(request.lifetimeMilliseconds == 500)
  }

  @Test(arguments: [
    (#"{"request_id":"r","tokens":[]}"#, "endpoint"),
    (#"{"endpoint":"e","tokens":[]}"#, "request_id"),
    (#"{"endpoint":"e","request_id":"r"}"#, nil), (#"{"ttl_ms":0}"#, "ttl_ms"),
    (#"{"ttl_ms":1.5}"#, "ttl_ms"), (#"{"request_id":""}"#, "request_id"),
  ]) func `a reservation says which field is missing or wrong`(_ text: String, _ param: String?) {
    let error = #expect(throws: RequestBodyError.self) { try reservation(text) }
    #expect(error?.param == param)
  }

  @Test func `no truncation of a body is accepted, and none traps`() {
    let body = #"{"model":"tiny","tokens":[1,23456,7],"cache_salt":"\u00e9","endpoints":["a"]}"#
    for count in 0..<body.utf8.count {
      #expect(throws: RequestBodyError.self) { try score(String(body.prefix(count))) }
    }
  }
}

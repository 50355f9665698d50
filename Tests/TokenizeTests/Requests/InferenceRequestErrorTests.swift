import Testing
import Tokenize

@Suite struct InferenceRequestErrorTests {
  /// Bodies that vLLM refuses for what the engine alone knows or minds.
  private static let engineMatters: Set<String> = [
    "completion_beam", "chat_own_template", "chat_image", "error_bad_temperature",
    "generate_no_params", "generate_out_of_vocabulary", "error_unknown_model_completion",
    "error_unknown_model_chat", "generate_unknown_model",
  ]

  @Test func `what vLLM answered with 200 is accepted, and an empty prompt is refused as there`() {
    #expect(SampleBody.recorded.count == 45)
    for sample in SampleBody.recorded {
      let isAccepted =
        (try? InferenceRequest(sample.api, parsing: sample.bytes, keyedBy: .forTests)) != nil
      let isDue = sample.status == 200 || Self.engineMatters.contains(sample.name)
      #expect(isAccepted == isDue, "\(sample.name)")
    }
  }

  @Test(
    arguments: [
      (.completions, "", nil, "line 1, column 1: the text ends too early"),
      (.completions, "[]", nil, "line 1, column 1: expected an object, not an array"),
      (.completions, "{}", "prompt", "line 1, column 1: prompt: the field is required"),
      (
        .completions, #"{"prompt": null}"#, "prompt",
        "line 1, column 1: prompt: the field is required"
      ),
      (
        .completions, #"{"prompt": ""}"#, "prompt",
        "line 1, column 12: prompt: expected a prompt that is not empty"
      ),
      (
        .completions, #"{"prompt": [[1], []]}"#, "prompt",
        "line 1, column 18: prompt: expected a prompt that is not empty"
      ),
      (
        .completions, #"{"prompt": [1, -2]}"#, "prompt",
        "line 1, column 16: prompt: expected an integer from 0 to 4294967295"
      ),
      (
        .completions, #"{"prompt": ["a", 1]}"#, "prompt",
        "line 1, column 13: prompt: expected an integer from 0 to 4294967295, not a string"
      ),
      (
        .completions, "{\"model\": \"m\",\n \"prompt\": {}}", "prompt",
        "line 2, column 12: prompt: expected a string or an array, not an object"
      ),
      (
        .completions, #"{"prompt": "a", "model": 5}"#, "model",
        "line 1, column 26: model: expected a string, not a number"
      ),
      (
        .completions, #"{"prompt": "a", "cache_salt": ""}"#, "cache_salt",
        "line 1, column 31: cache_salt: expected a string that is not empty"
      ),
      (
        .completions, #"{"prompt": "a", "max_tokens": 1.5}"#, "max_tokens",
        "line 1, column 31: max_tokens: expected an integer"
      ),
      (
        .completions, #"{"prompt": "a", "stream": "perhaps"}"#, "stream",
        "line 1, column 27: stream: expected true or false"
      ),
      (
        .completions, #"{"prompt": "a", "unknown": [1,]}"#, "unknown",
        "line 1, column 31: unknown: expected a value, not ']'"
      ),
      (
        .completions, #"{"prompt": "a"} x"#, nil,
        "line 1, column 17: expected nothing more after the value"
      ),
      (
        .chatCompletions, #"{"messages": []}"#, "messages",
        "line 1, column 14: messages: expected at least one message"
      ),
      (
        .chatCompletions, #"{"messages": "a"}"#, "messages",
        "line 1, column 14: messages: expected an array, not a string"
      ),
      (
        .chatCompletions, #"{"messages": ["a"]}"#, "messages",
        "line 1, column 15: messages: expected an object, not a string"
      ),
      (
        .chatCompletions, #"{"messages": [{"role": 1}]}"#, "messages",
        "line 1, column 24: messages: expected a string, not a number"
      ),
      (
        .chatCompletions, #"{"messages": [{"role": "user", "content": 1}]}"#, "messages",
        "line 1, column 43: messages: expected a string or an array, not a number"
      ),
      (.responses, "{}", "input", "line 1, column 1: input: the field is required"),
      (
        .generate, #"{"token_ids": []}"#, "token_ids",
        "line 1, column 15: token_ids: expected a prompt that is not empty"
      ),
      (
        .generate, #"{"token_ids": [[1]]}"#, "token_ids",
        "line 1, column 16: token_ids: expected an integer from 0 to 4294967295, not an array"
      ),
      (.sglangGenerate, "{}", "input_ids", "line 1, column 1: input_ids: the field is required"),
      (
        .sglangGenerate, #"{"input_ids": [1], "extra_key": ["a", "b"]}"#, "extra_key",
        "line 1, column 33: extra_key: expected the same string for all prompts"
      ),
    ] as [(InferenceAPI, String, String?, String)])
  func `an error names the field, the line and the column`(
    _ api: InferenceAPI, _ body: String, _ param: String?, _ message: String
  ) {
    let error = #expect(throws: RequestBodyError.self) { try inference(api, body) }
    #expect(error == RequestBodyError(message: message, param: param))
  }

  @Test(arguments: [
    #"{"mm_hashes": {"image": ["a"]}}"#, #"{"mm_hashes": {"image": ["a"]}, "mm_placeholders": {}}"#,
    #"{"mm_hashes": {"image": ["a"]}, "mm_placeholders": {"audio": [{"offset":0,"length":1}]}}"#,
    #"{"mm_hashes": {"image": ["a"]}, "mm_placeholders": {"image": []}}"#,
    #"{"mm_hashes": {"image": ["a"]}, "mm_placeholders": {"image": [{"offset":0}]}}"#,
    #"{"mm_hashes": {"image": ["a"]}, "mm_placeholders": {"image": [{"offset":-1,"length":1}]}}"#,
    #"{"mm_hashes": {"image": [null]}, "mm_placeholders": {"image": [{"offset":0,"length":1}]}}"#,
    #"{"mm_hashes": []}"#, "[]",
  ]) func `hashes and placeholders have to come in pairs`(_ features: String) {
    let body = #"{"token_ids": [1], "features": \#(features)}"#
    let error = #expect(throws: RequestBodyError.self) { try inference(.generate, body) }
    #expect(error?.param == "features")
  }

  @Test func `a system prompt or instructions are a message`() throws {
    let messages = #"{"messages": [], "system": "a"}"#
    #expect(try inference(.messages, messages).prompt == .conversation)
    let responses = #"{"input": [], "instructions": "a"}"#
    #expect(try inference(.responses, responses).prompt == .conversation)
    #expect(try inference(.responses, #"{"input": ""}"#).prompt == .conversation)
    #expect(throws: RequestBodyError.self) { try inference(.messages, #"{"messages": []}"#) }
  }
}

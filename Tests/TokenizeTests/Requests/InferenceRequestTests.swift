import Testing

@testable import Tokenize

@Suite struct InferenceRequestTests {
  private func rich(_ name: String) throws -> InferenceRequest {
    let sample = try #require(SampleBody.rich.first { $0.name == name })
    return try InferenceRequest(sample.api, parsing: sample.bytes, keyedBy: .forTests)
  }

  @Test func `a completion request has all its fields`() throws {
    let request = try rich("completion")
    #expect(request.model == "tiny")
    #expect(request.prompt == .text(prompts: 2))
    #expect(request.isStream)
    #expect(request.maxTokens == 7)
    #expect(request.priority == -3)
    #expect(request.cacheSalt == "salt")
    #expect(request.session == "u")
    #expect(request.renderKey != nil)
    #expect(!request.hasMedia)
    #expect(request.lora == nil)
  }

  @Test func `a chat has media, a session and a bound`() throws {
    let request = try rich("chat")
    #expect(request.prompt == .conversation)
    #expect(request.hasMedia)
    #expect(request.session == "meta")
    #expect(request.maxTokens == 9)
  }

  @Test func `responses and messages are conversations without media`() throws {
    let responses = try rich("responses")
    #expect(responses.prompt == .conversation)
    #expect(responses.maxTokens == 4)
    #expect(responses.session == "pck")
    #expect(!responses.hasMedia)
    let messages = try rich("messages")
    #expect(messages.prompt == .conversation)
    #expect(messages.maxTokens == 5)
    #expect(messages.session == "meta")
    #expect(!messages.hasMedia)
  }

  @Test func `token ids come with features in the order of the prompt`() throws {
    let request = try rich("generate")
    #expect(request.prompt == .tokens([[1, 2, 3, 4, 5, 6, 7, 8]]))
    #expect(
      request.features == [
        PromptFeature(modality: "image", hash: "a", offset: 1, length: 1),
        PromptFeature(modality: "image", hash: "b", offset: 4, length: 2),
        PromptFeature(modality: "audio", hash: "c", offset: 6, length: 2),
      ])
    #expect(request.hasMedia)
    #expect(request.maxTokens == 3)
    #expect(request.renderKey == nil)
  }

  @Test func `SGLang's names are read`() throws {
    let request = try rich("sglang")
    #expect(request.prompt == .tokens([[1, 2], [3]]))
    #expect(request.cacheSalt == "k")
    #expect(request.lora == "sql")
    #expect(request.maxTokens == 8)
    #expect(request.session == "s")
    #expect(!request.hasMedia)
    #expect(request.renderKey == nil)
    let text = try inference(.sglangGenerate, #"{"text": "Hi", "image_data": ["x"]}"#)
    #expect(text.prompt == .text(prompts: 1))
    #expect(text.hasMedia)
    #expect(text.renderKey == nil)
  }

  @Test(
    arguments: [
      ("[1, 2]", [[1, 2]]), ("[[1, 2], [3]]", [[1, 2], [3]]), ("[[7]]", [[7]]),
      ("[1.0, \"2\", true, 3]", [[1, 2, 1, 3]]), ("[4294967295]", [[4_294_967_295]]),
      (#"["1", 2]"#, [[1, 2]]),
    ] as [(String, [[UInt32]])])
  func `token ids are taken as vLLM takes them`(_ prompt: String, _ tokens: [[UInt32]]) throws {
    let request = try inference(.completions, #"{"model":"m","prompt":\#(prompt)}"#)
    #expect(request.prompt == .tokens(tokens))
    #expect(request.renderKey == nil)
  }

  @Test(
    arguments: [
      (#"{"prompt": "a", "prompt_embeds": "x"}"#, .embeddings),
      (#"{"prompt_embeds": ["x"]}"#, .embeddings),
      (#"{"prompt": "a", "prompt_embeds": null}"#, .text(prompts: 1)),
      (#"{"prompt": "a", "prompt_embeds": []}"#, .text(prompts: 1)),
      (#"{"prompt": ["", "b"]}"#, .text(prompts: 2)),
    ] as [(String, InferenceRequest.Prompt)])
  func `a prompt of embeddings is neither text nor tokens`(
    _ body: String, _ prompt: InferenceRequest.Prompt
  ) throws {
    let request = try inference(.completions, body)
    #expect(request.prompt == prompt)
    #expect((request.renderKey == nil) == (prompt == .embeddings))
  }

  @Test func `the model's range is what is to be replaced`() throws {
    for body in [
      #"{"model": "t\u0069ny" , "prompt": "a"}"#, #"{"prompt":"a","model":"x","model":"tiny"}"#,
    ] {
      let request = try inference(.completions, body)
      #expect(request.model == "tiny")
      let range = try #require(request.modelRange)
      let raw = String(decoding: Array(body.utf8)[range], as: UTF8.self)
      #expect(raw == #""t\u0069ny""# || raw == #""tiny""#)
    }
    let null = try inference(.completions, #"{"model": null, "prompt": "a"}"#)
    #expect(null.model == nil)
    #expect(null.modelRange == 10..<14)
    #expect(try inference(.completions, #"{"model": "", "prompt": "a"}"#).model == nil)
    #expect(try inference(.completions, #"{"prompt": "a"}"#).modelRange == nil)
  }

  @Test func `a part of another text is a body of its own`() throws {
    let inner = #"{"prompt": [1, 2], "model": "tiny"}"#
    let outer = Array(#"{"path": "/v1/completions", "body": \#(inner)}"#.utf8)
    let request = try outer.withUnsafeBytes { bytes in
      let start = outer.count - 1 - inner.utf8.count
      return try InferenceRequest(
        .completions, parsing: UnsafeRawBufferPointer(rebasing: bytes[start..<outer.count - 1]),
        keyedBy: .forTests)
    }
    #expect(try request == inference(.completions, inner))
  }

  @Test(arguments: [
    (#"{"prompt":"a","stream":1}"#, true), (#"{"prompt":"a","stream":"on"}"#, true),
    (#"{"prompt":"a","stream":null}"#, false), (#"{"prompt":"a","stream":"False"}"#, false),
    (#"{"prompt":"a","stream":true,"stream":false}"#, false),
  ]) func `booleans are taken as vLLM takes them`(_ body: String, _ isStream: Bool) throws {
    #expect(try inference(.completions, body).isStream == isStream)
  }

  @Test(
    arguments: [
      ("16", 16), ("16.0", 16), ("1.6e1", 16), (#"" 16 ""#, 16), (#""1_6""#, 16), ("true", 1),
      ("null", nil),
      ("1e300", .max), ("-99999999999999999999", .min),
    ] as [(String, Int?)])
  func `integers are taken as vLLM takes them`(_ value: String, _ expected: Int?) throws {
    let body = #"{"prompt":"a","priority":\#(value)}"#
    #expect(try inference(.completions, body).priority == expected)
  }

  @Test func `the more specific session wins, whatever the order`() throws {
    let fields = [
      #""session_id": "1""#, #""vllm_xargs": {"session_id": "2"}"#,
      #""session_params": {"id": "3"}"#, #""prompt_cache_key": "4""#,
      #""metadata": {"user_id": "5"}"#, #""user": "6""#,
    ]
    for first in fields.indices {
      for list in [Array(fields[first...]), fields[first...].reversed()] {
        let body = #"{"prompt": "a", \#(list.joined(separator: ", "))}"#
        #expect(try inference(.completions, body).session == "\(first + 1)")
      }
    }
    let odd = #"{"prompt": "a", "user": 5, "metadata": {"user_id": null}, "session_id": ""}"#
    #expect(try inference(.completions, odd).session == nil)
  }

  @Test(arguments: [
    (#"[{"type": "text", "text": "a"}]"#, false), (#"["a"]"#, false), (#"[{"text": "a"}]"#, false),
    (#"[{"text": "a", "type": "image_url"}]"#, true), (#"[{"image_url": "http://x"}]"#, true),
    (#"[{"type": "input_audio", "input_audio": {}}]"#, true), (#"[{"type": "new"}]"#, true),
    (#"[{"type": "tool_result", "content": [{"type": "image", "source": {}}]}]"#, true),
    (#"[{"type": "tool_result", "content": "a"}]"#, false), ("null", false), (#""a""#, false),
  ]) func `whatever is not text is media`(_ content: String, _ hasMedia: Bool) throws {
    let body = #"{"messages": [{"role": "user", "content": \#(content)}], "x": [{"image_url": 1}]}"#
    for api in [InferenceAPI.chatCompletions, .messages] {
      #expect(try inference(api, body).hasMedia == hasMedia)
    }
    let items = #"{"input": [{"type": "function_call_output", "output": \#(content)}]}"#
    #expect(try inference(.responses, items).hasMedia == hasMedia)
  }
}

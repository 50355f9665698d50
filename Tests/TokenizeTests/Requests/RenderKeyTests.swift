import Testing

@testable import Tokenize

@Suite struct RenderKeyTests {
  private func key(
    _ api: InferenceAPI, _ body: String, seed: RenderKeySeed = .forTests
  ) throws -> RenderKey {
    try #require(try inference(api, body, seed: seed).renderKey)
  }

  private static let chat = #""messages":[{"role":"user","content":"Hi"}]"#

  @Test(arguments: [
    #""model":"other""#, #""add_generation_prompt":false"#, #""continue_final_message":true"#,
    #""chat_template":"x""#, #""chat_template_kwargs":{"enable_thinking":true}"#,
    #""tools":[{"type":"function"}]"#, #""tool_choice":"none""#, #""add_special_tokens":true"#,
    #""documents":[]"#, #""reasoning_effort":"high""#, #""truncate_prompt_tokens":4"#,
    #""response_format":{"type":"text"}"#, #""mm_processor_kwargs":{}"#, #""unknown":1"#,
    #""kv_transfer_params":{"prompt_token_ids":[1]}"#,
  ]) func `whatever tokens may depend on changes the key`(_ field: String) throws {
    let plain = try key(.chatCompletions, "{\(Self.chat)}")
    #expect(try key(.chatCompletions, "{\(Self.chat),\(field)}") != plain)
    #expect(try key(.chatCompletions, "{\(field),\(Self.chat)}") != plain)
  }

  @Test(arguments: [
    #""temperature":0.5"#, #""top_p":0.9"#, #""n":3"#, #""seed":1"#, #""stream":true"#,
    #""stream_options":{"include_usage":true}"#, #""stop":["a","b"]"#, #""logprobs":true"#,
    #""user":"u""#, #""metadata":{"a":"b"}"#, #""max_tokens":1"#, #""max_completion_tokens":7"#,
    #""prompt_cache_key":"k""#, #""priority":1"#, #""request_id":"r""#, #""cache_salt":"s""#,
    #""session_id":"s""#, #""t\u0065mperature":1"#,
  ]) func `whatever comes after the prompt does not`(_ field: String) throws {
    let plain = try key(.chatCompletions, #"{"model":"m",\#(Self.chat)}"#)
    #expect(try key(.chatCompletions, #"{\#(field),"model":"m",\#(Self.chat)}"#) == plain)
    #expect(try key(.chatCompletions, #"{ "model":"m" , \#(field), \#(Self.chat) } "#) == plain)
  }

  @Test(
    arguments: [
      (.chatCompletions, chat, #""truncate_prompt_tokens":-1"#, "max_tokens"),
      (.completions, #""prompt":"a""#, #""truncate_prompt_tokens":5"#, "max_tokens"),
      (.responses, #""input":"a""#, #""truncation":"auto""#, "max_output_tokens"),
    ] as [(InferenceAPI, String, String, String)])
  func `nothing is left out where prompts are cut to what the output leaves`(
    _ api: InferenceAPI, _ prompt: String, _ truncation: String, _ length: String
  ) throws {
    let short = try key(api, #"{\#(prompt),"\#(length)":1,\#(truncation)}"#)
    let long = try key(api, #"{\#(prompt),"\#(length)":2,\#(truncation)}"#)
    #expect(short != long)
    #expect(
      try key(api, #"{\#(prompt),"\#(length)":1}"#) == key(api, #"{\#(prompt),"\#(length)":2}"#))
  }

  @Test func `every byte of the prompt counts, and the order of a schema's keys`() throws {
    var keys: Set<RenderKey> = []
    let bodies = [
      #"[{"role":"user","content":"a"}]"#, #"[{"role":"user","content":"b"}]"#,
      #"[{"role":"system","content":"a"}]"#, #"[{"role":"user","content":[{"text":"a"}]}]"#,
      #"[{"role":"user","content":"a","tools":{"x":1,"y":2}}]"#,
      #"[{"role":"user","content":"a","tools":{"y":2,"x":1}}]"#,
    ]
    for body in bodies { keys.insert(try key(.chatCompletions, #"{"messages":\#(body)}"#)) }
    for tools in [#"{"a":{},"b":{}}"#, #"{"b":{},"a":{}}"#] {
      keys.insert(try key(.chatCompletions, #"{"tools":[\#(tools)],\#(Self.chat)}"#))
    }
    #expect(keys.count == bodies.count + 2)
  }

  @Test func `a key belongs to its API and its seed`() throws {
    let body = "{\(Self.chat)}"
    #expect(try key(.chatCompletions, body) == key(.chatCompletions, body))
    #expect(try key(.chatCompletions, body) != key(.messages, body))
    #expect(
      try key(.chatCompletions, body)
        != key(.chatCompletions, body, seed: RenderKeySeed(deterministic: 2)))
    #expect(
      try key(.chatCompletions, body, seed: RenderKeySeed())
        != key(.chatCompletions, body, seed: RenderKeySeed()))
  }

  @Test func `fields do not run into each other`() throws {
    #expect(
      try key(.completions, #"{"prompt":"a","suffix":"b"}"#)
        != key(.completions, #"{"prompt":"a,\"suffix\":\"b"}"#))
    #expect(
      try key(.completions, #"{"prompt":"a"}"#) != key(.completions, #"{"prompt":["a"]}"#))
  }
}

import Testing

@testable import Tokenize

@Suite struct PromptEstimatorTests {
  private static let estimator = PromptEstimator(blockTokens: 2, tokensPerMedium: 10, seed: 1)

  private func prompts(
    _ api: InferenceAPI, _ body: String, _ estimator: PromptEstimator = Self.estimator
  ) throws -> [EstimatedPrompt] {
    try estimator.prompts(of: inference(api, body), body: Array(body.utf8))
  }

  /// The estimate of a completion of `text`, which is written as it would be between quotes.
  private func text(_ text: String) throws -> EstimatedPrompt {
    try #require(try prompts(.completions, #"{"model": "m", "prompt": "\#(text)"}"#).first)
  }

  private func chat(_ messages: String...) throws -> EstimatedPrompt {
    let body = #"{"messages": [\#(messages.joined(separator: ","))]}"#
    return try #require(try prompts(.chatCompletions, body).first)
  }

  @Test(arguments: [
    ("hello world", 3, 1), ("a", 1, 0), ("1234567", 2, 0), ("12345678", 2, 1),
    ("1234567890abcdef", 4, 2),
  ]) func `four bytes are a token, and only whole blocks count`(
    _ words: String, _ tokens: Int, _ blocks: Int
  ) throws {
    let prompt = try text(words)
    #expect(prompt.promptTokens == tokens)
    #expect(prompt.blocks.count == blocks)
  }

  @Test func `a prompt that goes on shares the blocks before`() throws {
    let whole = "It keeps what it has read, \\\"block\\\" by block,\\n and Zürich too. "
    let long = try text(whole + whole).blocks
    for count in 1...whole.count where whole.prefix(count).last != "\\" {
      let blocks = try text(String(whole.prefix(count))).blocks
      #expect(blocks == Array(long.prefix(blocks.count)))
    }
    #expect(Set(long).count == long.count)
    let other = try text("I" + whole).blocks
    #expect(Set(long).isDisjoint(with: other))
  }

  @Test(arguments: [
    (#"Z\u00fcrich and more text"#, "Zürich and more text"),
    (#"\ud83d\ude00 \uD83D\uDE00 123456789"#, "😀 😀 123456789"),
    (#"\u0041\u007f\u0080\u07ff\u0800\uffff 1234"#, "A\u{7f}\u{80}\u{7ff}\u{800}\u{ffff} 1234"),
    (#"a\/b 12345678 \u0022"#, #"a/b 12345678 \""#),
  ]) func `escapes count as what they stand for`(_ escaped: String, _ raw: String) throws {
    #expect(try text(escaped) == text(raw))
  }

  @Test func `each text is a prompt of its own`() throws {
    let both = try prompts(.completions, #"{"model": "m", "prompt": ["hello world", "12345678"]}"#)
    #expect(both == [try text("hello world"), try text("12345678")])
    #expect(try prompts(.sglangGenerate, #"{"text": "hello world"}"#).first?.promptTokens == 3)
  }

  @Test func `token ids and embeddings are not estimated`() throws {
    #expect(try prompts(.completions, #"{"prompt": [1, 2, 3]}"#).isEmpty)
    #expect(try prompts(.completions, #"{"prompt_embeds": "x"}"#).isEmpty)
    #expect(try prompts(.generate, #"{"token_ids": [1, 2, 3]}"#).isEmpty)
  }

  @Test func `the model, the salt and the seed are in every block`() throws {
    let blocks = try [
      #"{"prompt": "12345678"}"#, #"{"prompt": "12345678", "model": "m"}"#,
      #"{"prompt": "12345678", "cache_salt": "m"}"#,
      #"{"prompt": "12345678", "model": "m", "cache_salt": "n"}"#,
      #"{"prompt": "12345678", "model": "mn"}"#,
    ].map { try prompts(.completions, $0)[0].blocks[0] }
    #expect(Set(blocks).count == blocks.count)
    let others = PromptEstimator(blockTokens: 2, seed: 2)
    #expect(try prompts(.completions, #"{"prompt": "12345678"}"#, others)[0].blocks != [blocks[0]])
  }

  @Test func `a message is its role and its text, however it is written`() throws {
    let plain = try chat(#"{"role": "user", "content": "hello world"}"#)
    #expect(plain.promptTokens == 4)
    for message in [
      #"{"content": "hello world", "role": "user"}"#,
      #"{"role": "user", "content": ["hello world"]}"#,
      #"{"content": [{"text": "hello ", "type": "text"}, {"type": "text", "text": "world"}],"#
        + #" "name": "x", "role": "user"}"#,
    ] {
      #expect(try chat(message) == plain)
    }
    #expect(try chat(#"{"role": "tool", "content": "hello world"}"#).blocks != plain.blocks)
    #expect(try chat(#"{"role": "user", "content": null}"#).promptTokens == 1)
  }

  @Test func `a conversation that goes on shares the blocks before`() throws {
    let messages = [
      #"{"role": "system", "content": "Answer in one word."}"#,
      #"{"role": "user", "content": "Which city is the capital of Italy?"}"#,
      #"{"role": "assistant", "content": null, "tool_calls": [{"id": "1", "function": {}}]}"#,
      #"{"role": "tool", "tool_call_id": "1", "content": "Rome"}"#,
    ]
    var last = EstimatedPrompt(promptTokens: 0, blocks: [])
    for count in 1...messages.count {
      let body = #"{"messages": [\#(messages.prefix(count).joined(separator: ", "))]}"#
      let prompt = try prompts(.chatCompletions, body)[0]
      #expect(prompt.promptTokens > last.promptTokens)
      #expect(prompt.blocks.starts(with: last.blocks))
      last = prompt
    }
  }

  @Test func `tools come first wherever they were written, and their order counts`() throws {
    let messages = #""messages": [{"role": "user", "content": "hello world"}]"#
    let tools = #""tools": [{"b": 1, "a": 2}]"#
    let plain = try prompts(.chatCompletions, "{\(messages)}")[0]
    let before = try prompts(.chatCompletions, "{\(tools), \(messages)}")[0]
    #expect(before == (try prompts(.chatCompletions, "{\(messages), \(tools)}")[0]))
    #expect(before.blocks.first != plain.blocks.first)
    // 18 bytes of tools, 4 of the role and 11 of the text.
    #expect(before.promptTokens == 9)
    let swapped = #"{"tools": [{"a": 2, "b": 1}], \#(messages)}"#
    #expect(try prompts(.chatCompletions, swapped)[0].blocks != before.blocks)
    #expect(try prompts(.chatCompletions, #"{"tools": null, \#(messages)}"#)[0] == plain)
  }

  @Test func `a medium counts what was configured, and is told by its content`() throws {
    func message(_ url: String) -> String {
      #"{"role": "user", "content": [{"type": "text", "text": "12345678"},"#
        + #" {"type": "image_url", "image_url": {"url": "\#(url)"}}]}"#
    }
    let one = try chat(message("http://a"))
    #expect(one.promptTokens == 3 + 10)
    let other = try chat(message("http://b"))
    #expect(other.promptTokens == one.promptTokens)
    #expect(other.blocks.first == one.blocks.first)
    #expect(other.blocks.last != one.blocks.last)
    #expect(try chat(message("http://a")) == one)
  }

  @Test func `responses and messages are read like chats`() throws {
    let chat = #"{"messages": [{"role": "user", "content": "hello world"}]}"#
    let plain = try prompts(.chatCompletions, chat)
    #expect(try prompts(.messages, chat) == plain)
    #expect(
      try prompts(.responses, #"{"input": [{"role": "user", "content": "hello world"}]}"#) == plain)
    #expect(try prompts(.responses, #"{"input": "hello world"}"#)[0].promptTokens == 3)
    let system =
      #"{"system": "12345678", "messages": [{"role": "user", "content": "hello world"}]}"#
    #expect(try prompts(.messages, system)[0].promptTokens == plain[0].promptTokens + 2)
    let instructions = #"{"input": "hello world", "instructions": "12345678"}"#
    #expect(try prompts(.responses, instructions)[0].promptTokens == 5)
  }

  @Test func `thoughts, calls and results count`() throws {
    func tokens(_ parts: String) throws -> Int {
      let body = #"{"messages": [{"role": "user", "content": [\#(parts)]}]}"#
      return try prompts(.messages, body)[0].promptTokens
    }
    #expect(try tokens(#"{"type": "thinking", "thinking": "12345678"}"#) == 3)
    #expect(try tokens(#"{"type": "tool_use", "input": {"a": 1}}"#) == 3)
    #expect(try tokens(#"{"type": "tool_result", "content": "12345678"}"#) == 3)
    #expect(
      try tokens(#"{"type": "tool_result", "content": [{"type": "text", "text": "12345678"}]}"#)
        == 3)
  }
}

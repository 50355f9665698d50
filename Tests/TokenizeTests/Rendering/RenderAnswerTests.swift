import Simulation
import Testing
import Tokenize

@Suite struct RenderAnswerTests {
  /// As vLLM 0.32 answers, with fewer sampling parameters.
  static let completions = """
    [{"request_id":"cmpl-1-0","token_ids":[1585,1932,2358],"token_offsets":null,"features":null,\
    "content_parts":null,"sampling_params":{"temperature":1.0,"stop":[],"max_tokens":7},\
    "model":"tiny","stream":false,"cache_salt":"alice","priority":0,"kv_transfer_params":null},\
    {"request_id":"cmpl-1-1","token_ids":[18],"token_offsets":[[0,1]],"features":null,\
    "sampling_params":{},"model":"tiny","cache_salt":null}]
    """
  static let chat = """
    {"request_id":"chatcmpl-1","token_ids":[1,9,9,9,9,5,8,8,7,7,7],"features":{"mm_hashes":\
    {"image":["h0","h1"],"video":["v0"]},"mm_placeholders":{"video":[{"offset":8,"length":3}],\
    "image":[{"offset":6,"length":2,"is_embed":null},{"length":4,"offset":1}]},\
    "kwargs_data":null,"mm_metadata":{"image":[{"a":[1]}]}},"model":"tiny","cache_salt":"bob"}
    """

  private func read(
    _ api: InferenceAPI, _ text: String, status: Int = 200
  ) throws -> [RenderedPrompt] {
    try RenderAnswer.prompts(api, status: status, body: Array(text.utf8))
  }

  @Test func `a list gives a prompt an entry, with its salt`() throws {
    let prompts = try read(.completions, Self.completions)
    #expect(
      prompts == [
        RenderedPrompt(tokens: [1585, 1932, 2358], cacheSalt: "alice"),
        RenderedPrompt(tokens: [18]),
      ])
    // One allocation that fits: a cache keeps these arrays for long.
    let long = "[{\"token_ids\":[\((0..<1000).map { "\($0)" }.joined(separator: ", "))]}]"
    #expect(try read(.completions, long)[0].tokens.capacity < 1010)
  }

  @Test(arguments: [InferenceAPI.chatCompletions, .messages, .responses])
  func `an object gives one prompt, its media in the order of their offsets`(
    _ api: InferenceAPI
  ) throws {
    let expected = RenderedPrompt(
      tokens: [1, 9, 9, 9, 9, 5, 8, 8, 7, 7, 7],
      features: [
        PromptFeature(modality: "image", hash: "h1", offset: 1, length: 4),
        PromptFeature(modality: "image", hash: "h0", offset: 6, length: 2),
        PromptFeature(modality: "video", hash: "v0", offset: 8, length: 3),
      ], cacheSalt: "bob")
    #expect(try read(api, Self.chat) == [expected])
  }

  @Test func `features without media are none`() throws {
    for features in ["null", "{}", #"{"mm_hashes":null,"mm_placeholders":{}}"#] {
      let text = #"{"token_ids":[1],"features":\#(features)}"#
      #expect(try read(.chatCompletions, text) == [RenderedPrompt(tokens: [1])])
    }
  }

  @Test(arguments: [
    (InferenceAPI.completions, "[]", "the list of prompts is empty"),
    (.completions, "{}", "expected an array, not an object, at byte 0"),
    (.completions, #"[{"token_ids":[]}]"#, "prompt 0 has no token_ids"),
    (.completions, #"[{"token_ids":[1]},{}]"#, "prompt 1 has no token_ids"),
    (.completions, #"[{"token_ids":[1]}] x"#, "expected nothing more after the value, at byte 20"),
    (.chatCompletions, "[]", "expected an object, not an array, at byte 0"),
    (.chatCompletions, "", "the text ends too early, at byte 0"),
    (.chatCompletions, "<html>", "expected a value, not '<', at byte 0"),
    (.chatCompletions, #"{"token_ids":null}"#, "expected an array, not null, at byte 13"),
    (
      .chatCompletions, #"{"token_ids":[-1]}"#,
      "expected an integer from 0 to 4294967295, at byte 14"
    ),
    (
      .chatCompletions, #"{"token_ids":[1],"features":{"mm_hashes":{"image":["a"]}}}"#,
      "1 hashes and 0 placeholders of one modality"
    ),
    (
      .chatCompletions,
      #"{"token_ids":[1],"features":{"mm_hashes":{"a":["h"]},"mm_placeholders":{"a":[{}]}}}"#,
      "a placeholder without offset or length"
    ),
    (
      .chatCompletions,
      #"{"token_ids":[1],"features":{"mm_hashes":{"a":["h"]},"#
        + #""mm_placeholders":{"a":[{"offset":1,"length":4294967295}]}}}"#,
      "a placeholder of prompt 0 reaches past its tokens"
    ),
  ]) func `what is no answer says why`(
    _ api: InferenceAPI, _ text: String, _ clause: String
  ) throws {
    let failure = #expect(throws: RenderFailure.self) { try read(api, text) }
    #expect(failure == .badAnswer(clause))
    #expect(failure?.evidence == .fault)
  }

  @Test func `every truncation is an error`() {
    for (api, text) in [(InferenceAPI.completions, Self.completions), (.messages, Self.chat)] {
      let bytes = Array(text.utf8)
      for count in 0..<bytes.count {
        #expect(throws: RenderFailure.self) {
          try RenderAnswer.prompts(api, status: 200, body: Array(bytes[..<count]))
        }
      }
    }
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `mutations are read or refused, and never trap`(_ seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for (api, text) in [(InferenceAPI.completions, Self.completions), (.messages, Self.chat)] {
      for _ in 0..<20 {
        var bytes = Array(text.utf8)
        for _ in 0...random.below(3) {
          bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
        }
        for status in [200, 404] {
          do throws(RenderFailure) {
            let prompts = try RenderAnswer.prompts(api, status: status, body: bytes)
            #expect(prompts.allSatisfy { !$0.tokens.isEmpty })
          } catch {
            #expect(!error.description.isEmpty)
          }
        }
      }
    }
  }

  @Test func `a tokenizer's answer gives its ids`() throws {
    func read(_ text: String) throws -> [UInt32] {
      try RenderAnswer.tokenized(status: 200, body: Array(text.utf8))
    }
    #expect(
      try read(#"{"count":2,"max_model_len":16,"tokens":[3,4],"token_strs":null}"#) == [3, 4])
    #expect(throws: RenderFailure.badAnswer("there are no tokens")) { try read("{}") }
  }
}

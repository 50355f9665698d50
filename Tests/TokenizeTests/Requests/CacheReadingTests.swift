import Testing
import Tokenize

/// vLLM reads no cached block for requests that ask for log probabilities of their prompt.
@Suite struct CacheReadingTests {
  @Test(arguments: [
    (InferenceAPI.completions, #""prompt": "a""#, true),
    (.completions, #""prompt": "a", "prompt_logprobs": 0"#, false),
    (.completions, #""prompt": "a", "prompt_logprobs": null"#, true),
    (.completions, #""prompt": [1], "echo": true, "logprobs": 1"#, false),
    (.completions, #""prompt": "a", "logprobs": 1"#, true),
    (.completions, #""prompt": "a", "echo": true"#, true),
    (.completions, #""prompt": "a", "echo": false, "logprobs": 1"#, true),
    (.chatCompletions, #""messages": [{"role": "user", "content": "a"}], "echo": true"#, false),
    (
      .chatCompletions,
      #""messages": [{"role": "user", "content": "a"}], "echo": true, "top_logprobs": null"#, true
    ),
    (.chatCompletions, #""messages": [{"role": "user", "content": "a"}], "logprobs": true"#, true),
    (.generate, #""token_ids": [1], "sampling_params": {}"#, true),
    (.generate, #""token_ids": [1], "sampling_params": {"prompt_logprobs": 1}"#, false),
    (
      .generate,
      #""token_ids": [1], "sampling_params": {"prompt_logprobs": 1, "skip_reading_prefix_cache": false}"#,
      true
    ),
    (
      .generate, #""token_ids": [1], "sampling_params": {"skip_reading_prefix_cache": true}"#, false
    ),
  ]) func `log probabilities of the prompt are not had from a cache`(
    _ api: InferenceAPI, _ fields: String, _ readsCache: Bool
  ) throws {
    let request = try InferenceRequest(
      api, parsing: Array("{\(fields)}".utf8), keyedBy: RenderKeySeed())
    #expect(request.readsCache == readsCache)
  }
}

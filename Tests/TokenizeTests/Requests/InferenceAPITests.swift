import Testing
import Tokenize

@Suite struct InferenceAPITests {
  @Test(
    arguments: [
      ("/v1/completions", .completions), ("/v1/chat/completions", .chatCompletions),
      ("/v1/responses", .responses), ("/v1/messages", .messages),
      ("/inference/v1/generate", .generate), ("/generate", .sglangGenerate),
      ("/v1/chat/completions/", .chatCompletions), ("/v1/completions?x=/generate", .completions),
      ("/v1/messages/?beta=true", .messages), ("/openai/v1/chat/completions", .chatCompletions),
      ("/models/a/inference/v1/generate", .generate), ("completions", .completions),
    ] as [(String, InferenceAPI)])
  func `a path's end names the API`(_ path: String, _ api: InferenceAPI) {
    #expect(InferenceAPI(path: path) == api)
  }

  @Test(arguments: [
    "", "/", "?", "/v1", "/v1/models", "/foo-completions", "/v1/xcompletions", "/v1/completion",
    "/v1/messages/count_tokens", "/v1/chat/completions//", "/v1/Completions", "/v1/embeddings",
    "/v1/responses/resp_1/cancel", "/regenerate", "?/v1/completions",
  ]) func `other paths name none`(_ path: String) {
    #expect(InferenceAPI(path: path) == nil)
  }

  @Test(arguments: InferenceAPI.allCases)
  func `an API is found at its own path, and is no inference request at its renderer's`(
    _ api: InferenceAPI
  ) {
    #expect(InferenceAPI(path: api.path) == api)
    if let renderPath = api.renderPath { #expect(InferenceAPI(path: renderPath) == nil) }
  }
}

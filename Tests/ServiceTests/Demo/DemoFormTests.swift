import KVIndexer
import Simulation
import Testing

@testable import Service

@Suite struct DemoFormTests {
  private static let tokenizer = WordTokenizer(vocabularySize: 32_000)

  private static func workload() throws -> ChatWorkload {
    try ChatWorkload(DemoOptions().workload, seed: 3)
  }

  @Test func `prompts go as text and as ids, streamed and not, and begin with the last turn`()
    throws
  {
    var workload = try Self.workload()
    var prompts: [SessionID: [TokenID]] = [:]
    var forms: Set<String> = []
    var continued = 0
    for _ in 0..<400 {
      let next = workload.nextRequest()
      let request = try #require(next)
      let body = DemoRequestBody(request, Self.tokenizer)
      let prompt = try body.prompt(json: body.json(model: "simulated"))
      forms.insert("\(body.path) \(body.isStreamed)")
      if request.turn > 0, let earlier = prompts[request.session] {
        // A chat's prompt ends by opening the answer.
        #expect(prompt.starts(with: earlier))
        continued += 1
      }
      workload.answer([5, 6, 7], to: request.session)
      prompts[request.session] = prompt
    }
    #expect(forms.count == 4)
    #expect(continued > 100)
  }

  @Test func `an answer tells the pick, the usage and the output`() throws {
    var workload = try Self.workload()
    var seen: Set<Bool> = []
    while seen.count < 2 {
      let next = workload.nextRequest()
      let request = DemoRequestBody(try #require(next), Self.tokenizer)
      guard request.isChat, seen.insert(request.isStreamed).inserted else { continue }
      let usage = #""usage":{"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":4}}"#
      let text =
        request.isStreamed
        ? """
        data: {"choices":[{"delta":{"role":"assistant","content":""}}]}

        data: {"choices":[{"delta":{"content":" t1"}}]}

        data: {"choices":[{"delta":{"content":" t2"}}]}

        data: {"choices":[],\(usage)}

        data: [DONE]


        """ : #"{"choices":[{"message":{"content":" t1 t2"}}],\#(usage)}"#
      let reply = HTTPClient.Reply(
        status: 200,
        headers: [
          ("x-kvindexer-endpoint", "default/engine-1"), ("x-kvindexer-predicted-tokens", "4"),
          ("x-kvindexer-prediction", "approximate: noTokens"),
        ], body: Array(text.utf8))
      let answer = try DemoAnswer(reply, to: request, Self.tokenizer)
      #expect(answer.endpoint == "engine-1")
      #expect(answer.promptTokens == 9)
      #expect(answer.cachedTokens == 4)
      #expect(answer.predictedTokens == 4)
      #expect(answer.approximation == "noTokens")
      #expect(answer.output == [1, 2])
    }
  }

  @Test func `an answer without a pick or an engine's error is told`() throws {
    var workload = try Self.workload()
    let next = workload.nextRequest()
    let request = DemoRequestBody(try #require(next), Self.tokenizer)
    for status in [200, 503] {
      let reply = HTTPClient.Reply(
        status: status, headers: [], body: Array(#"{"choices":[]}"#.utf8))
      #expect(throws: DemoError.self) {
        try DemoAnswer(reply, to: request, Self.tokenizer)
      }
    }
  }
}

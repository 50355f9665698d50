import Testing
import Tokenize

@Suite struct RenderFailureTests {
  private static func error(_ message: String, _ type: String, _ param: String? = nil) -> String {
    let param = param.map { "\"\($0)\"" } ?? "null"
    return #"{"error":{"message":"\#(message)","type":"\#(type)","param":\#(param),"code":0}}"#
  }

  @Test(
    arguments: [
      (
        403, error("Scale-out endpoints are disabled.", "PermissionDeniedError"),
        .disabled(status: 403)
      ),
      (403, "", .disabled(status: 403)),
      (404, #"{"detail":"Not Found"}"#, .disabled(status: 404)),
      (404, error("Not Found", "Not Found"), .disabled(status: 404)),
      (404, error("Not Found", "NotFoundError"), .disabled(status: 404)),
      (404, error("The model `x` does not exist.", "NotFoundError", "model"), unknown),
      (404, error("The model `x` does not exist.", "NotFoundError"), unknown),
      (
        400, error("too long", "BadRequestError", "input_tokens"),
        .refused(status: 400, message: "too long")
      ),
      (413, "<html>", .refused(status: 413, message: "")),
      (401, #"{"error":"Unauthorized"}"#, .unauthorized),
      (500, error("boom", "InternalServerError"), .unexpectedStatus(500, message: "boom")),
      (503, "no JSON", .unexpectedStatus(503, message: "")),
      (429, "", .unexpectedStatus(429, message: "")),
      (204, "", .unexpectedStatus(204, message: "")),
      (302, "", .unexpectedStatus(302, message: "")),
    ] as [(Int, String, RenderFailure)])
  func `a status means what vLLM means by it`(
    _ status: Int, _ body: String, _ expected: RenderFailure
  ) {
    let failure = #expect(throws: RenderFailure.self) {
      try RenderAnswer.prompts(.completions, status: status, body: Array(body.utf8))
    }
    #expect(failure == expected)
  }

  private static let unknown = RenderFailure.unknownModel(
    message: "The model `x` does not exist.")

  @Test func `only the client's own errors speak for the renderer`() {
    #expect(RenderFailure.refused(status: 400, message: "").evidence == .success)
    #expect(!RenderFailure.refused(status: 400, message: "").isWorthRetrying)
    #expect(RenderFailure.disabled(status: 403).evidence == .refusal)
    #expect(RenderFailure.timedOut.evidence == .fault)
    #expect(RenderFailure.overloaded.evidence == nil)
  }

  @Test func `a disabled renderer tells how it is enabled`() {
    #expect(
      "\(RenderFailure.disabled(status: 403))"
        == "rendering is disabled (403): start vLLM with --enable-scale-out")
  }

  @Test func `a long message is cut`() {
    let body = Self.error(String(repeating: "x", count: 10_000), "BadRequestError")
    let failure = #expect(throws: RenderFailure.self) {
      try RenderAnswer.prompts(.messages, status: 400, body: Array(body.utf8))
    }
    #expect(failure == .refused(status: 400, message: String(repeating: "x", count: 500)))
  }
}

import EPPScorer
import Testing
import Tokenize

@testable import Service

/// What requests say, what is wrong with them in llm-d's words, and what is changed of them.
struct ParsedRequestTests {
  private func parse(
    _ body: String, path: String = PickerHarness.completions,
    headers: [(name: String, value: String)] = [], by parsers: RequestParsers = .standard
  ) throws(Refusal) -> ParsedRequest {
    try ParsedRequest(
      PickerHarness.request(body, path: path, headers: headers), parsedBy: parsers,
      keyedBy: RenderKeySeed())
  }

  private func fault(
    _ body: String, path: String, by parsers: RequestParsers = .standard
  ) -> Refusal? {
    do throws(Refusal) {
      _ = try parse(body, path: path, by: parsers)
      return nil
    } catch {
      return error
    }
  }

  struct Fault: Sendable, CustomTestStringConvertible {
    var path: String
    var body: String
    var text: String
    var testDescription: String { "\(path) \(body)" }
  }

  static let faults = [
    Fault(
      path: "/v1/completions", body: "no healthy upstream",
      text: "error unmarshaling request bodyMap: "),
    Fault(
      path: "/v1/completions", body: #"{"model": "m", "prompt": "x""#,
      text: "error unmarshaling request bodyMap: "),
    Fault(
      path: "/v1/completions", body: "[1]", text: "error unmarshaling request bodyMap: "),
    Fault(
      path: "/v1/completions", body: #"{"prompt": "x"}"#, text: "model not found in request body"),
    Fault(
      path: "/v1/completions", body: #"{"model": "", "prompt": "x"}"#,
      text: "model not found in request body"),
    Fault(
      path: "/v1/completions", body: #"{"model": "m"}"#,
      text: "invalid completions request: must have prompt field"),
    Fault(
      path: "/v1/completions", body: #"{"model": "m", "prompt": []}"#,
      text: "invalid completions request: must have prompt field"),
    Fault(
      path: "/v1/chat/completions", body: #"{"model": "m", "messages": []}"#,
      text: "invalid chat completions request: must have valid messages field"),
    Fault(
      path: "/v1/chat/completions", body: #"{"model": "m"}"#,
      text: "invalid chat completions request: must have valid messages field"),
    Fault(
      path: "/v1/responses", body: #"{"model": "m"}"#,
      text: "invalid responses request: must have input field"),
    Fault(
      path: "/v1/messages", body: #"{"model": "m", "messages": []}"#,
      text: "invalid messages request: must have at least one message"),
    Fault(
      path: "/inference/v1/generate", body: #"{"token_ids": []}"#,
      text: "invalid generate request: must have non-empty token_ids field"),
  ]

  @Test(arguments: faults)
  func `what can't be read is refused in llm-d's words`(_ example: Fault) {
    let refusal = fault(example.body, path: example.path)
    #expect(refusal?.code == .badRequest)
    #expect(refusal?.message.hasPrefix(example.text) == true, "\(refusal?.message ?? "")")
    #expect(refusal?.body.hasPrefix("inference error: BadRequest - \(example.text)") == true)
  }

  @Test func `the path says what a body is, wherever the gateway keeps it`() throws {
    let chat = #"{"model": "m", "messages": [{"role": "user", "content": "x"}]}"#
    for path in ["/v1/chat/completions", "/v1/chat/completions/?a=b", "/mount/chat/completions"] {
      #expect(try parse(chat, path: path).inference?.api == .chatCompletions)
    }
    for name in ["x-original-path", "x-forwarded-path"] {
      let request = PickerHarness.request(chat)
      var fields = request.headers.fields.filter { $0.name != ":path" }
      fields.append((name: name, value: "/v1/chat/completions"))
      let moved = GatewayRequest(
        headers: RequestHeaders(fields), body: request.body, receivedNanoseconds: 0)
      let parsed = try ParsedRequest(
        moved, parsedBy: .standard, keyedBy: RenderKeySeed())
      #expect(parsed.inference?.api == .chatCompletions)
    }
  }

  @Test func `an unknown path passes unread, or is refused where nothing passes it`() throws {
    for path in ["/v1/embeddings", "/v1/messages/count_tokens", "/foo-completions", "/x"] {
      let parsed = try parse("no JSON", path: path)
      #expect(parsed.inference == nil && parsed.clientModel.isEmpty)
    }
    let strict = RequestParsers([OpenAIParser()])
    let refusal = fault("no JSON", path: "/x", by: strict)
    #expect(refusal?.code == .badRequest && refusal?.message.contains("'/x'") == true)
    #expect(fault("", path: "/x", by: strict) == nil)
  }

  @Test(arguments: [
    (#"{"model":"m","prompt":"x"}"#, #"{"model":"other","prompt":"x"}"#),
    (
      #"{ "b": 9007199254740993, "model" : "m" , "prompt": "<&é" }"#,
      #"{ "b": 9007199254740993, "model" : "other" , "prompt": "<&é" }"#
    ),
    (#" {"prompt":"x"}"#, #" {"model":"other","prompt":"x"}"#),
    (#"{"prompt":"x","model":null}"#, #"{"prompt":"x","model":"other"}"#),
  ])
  func `of the body only the model's name is changed`(_ body: String, _ expected: String) throws {
    let parsed = try parse(body, headers: [(name: "x-llm-d-model-name-rewrite", value: "other")])
    #expect(parsed.targetModel == "other")
    #expect(parsed.isRewritten)
    #expect(String(decoding: parsed.gateway.body, as: UTF8.self) == expected)
  }

  @Test func `a name that needs escapes is written with them`() throws {
    let name = #"a"\b"#
    let parsed = try parse(
      #"{"model":"m","prompt":"x"}"#,
      headers: [(name: "x-llm-d-model-name-rewrite", value: name)])
    #expect(
      String(decoding: parsed.gateway.body, as: UTF8.self)
        == #"{"model":"a\"\\b","prompt":"x"}"#)
  }

  @Test func `a body is left alone where its model is the one that is wanted`() throws {
    let body = #"{"model":"m","prompt":"x"}"#
    #expect(try !parse(body).isRewritten)
    for value in ["m", ""] {
      let headers = [(name: "x-llm-d-model-name-rewrite", value: value)]
      #expect(try !parse(body, headers: headers).isRewritten)
    }
    // SGLang's requests name no model.
    let parsed = try parse(
      #"{"input_ids":[1]}"#, path: "/generate",
      headers: [(name: "x-llm-d-model-name-rewrite", value: "other")],
      by: RequestParsers([SGLangHTTPParser()]))
    #expect(parsed.targetModel == "other" && !parsed.isRewritten)
  }
}

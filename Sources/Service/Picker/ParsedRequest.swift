import EPPScorer
import Tokenize

/// A client's request after its headers and its body were read.
struct ParsedRequest: Sendable {
  var gateway: GatewayRequest
  /// Nil for what is passed on without being understood.
  var inference: InferenceRequest?
  /// The model as the client named it; empty when it did not.
  var clientModel: String
  /// The model that the endpoint is asked for.
  var targetModel: String

  private static let rewriteHeader = "x-llm-d-model-name-rewrite"

  /// Reads a request.
  ///
  /// - Throws: A refusal with llm-d's code, and its text where the fault is one that it knows.
  init(
    _ gateway: GatewayRequest, parsedBy parsers: RequestParsers, keyedBy seed: RenderKeySeed
  ) throws(Refusal) {
    self.gateway = gateway
    let rewrite = gateway.headers[Self.rewriteHeader].flatMap { $0.isEmpty ? nil : $0 }
    clientModel = ""
    targetModel = rewrite ?? ""
    if gateway.body.isEmpty { return }
    let path = Self.path(gateway.headers)
    let api: InferenceAPI
    switch parsers.treatment(ofPath: path) {
    case .prompt(let known): api = known
    case .opaque: return
    case .refused: throw Refusal(.badRequest, "no parser is configured for the path '\(path)'")
    }
    var inference: InferenceRequest
    do throws(RequestBodyError) {
      inference = try InferenceRequest(api, parsing: gateway.body, keyedBy: seed)
    } catch {
      throw Refusal(.badRequest, Self.message(error, api, gateway.body))
    }
    clientModel = inference.model ?? ""
    targetModel = rewrite ?? clientModel
    // Endpoints keep prompts apart by the model that they are asked for.
    if let rewrite { inference.model = rewrite }
    self.inference = inference
    if targetModel.isEmpty, api.needsModel {
      throw Refusal(.badRequest, "model not found in request body")
    }
  }

  /// The body with the target's name in place of the client's; nil where nothing changes.
  var rewrittenBody: [UInt8]? {
    guard let inference, targetModel != clientModel else { return nil }
    var name = JSONWriter()
    name.string(targetModel)
    var body = gateway.body
    if let range = inference.modelRange {
      body.replaceSubrange(range, with: name.bytes)
      return body
    }
    // SGLang's requests have no such field. All others are objects with a prompt: a comma is due.
    guard inference.api != .sglangGenerate, let brace = body.firstIndex(of: UInt8(ascii: "{"))
    else { return nil }
    body.insert(contentsOf: #""model":"#.utf8 + name.bytes + [UInt8(ascii: ",")], at: brace + 1)
    return body
  }

  /// Tokens that the client gives as such.
  var givenTokens: Int {
    guard case .tokens(let prompts) = inference?.prompt else { return 0 }
    return prompts.reduce(0) { $0 + $1.count }
  }

  /// Whether it has more than one prompt; engines then report the cached tokens of the last alone.
  var hasSeveralPrompts: Bool {
    switch inference?.prompt {
    case .tokens(let prompts): prompts.count > 1
    case .text(let prompts): prompts > 1
    case .conversation, .embeddings, nil: false
    }
  }

  private static func path(_ headers: RequestHeaders) -> String {
    for name in [":path", "x-original-path", "x-forwarded-path"] {
      if let path = headers[name], !path.isEmpty { return path }
    }
    return InferenceAPI.completions.path
  }

  private static func message(
    _ error: RequestBodyError, _ api: InferenceAPI, _ body: [UInt8]
  ) -> String {
    // A prompt that breaks off is no JSON, rather than a prompt of another shape.
    guard let param = error.param, isJSON(body) else {
      return "error unmarshaling request bodyMap: \(error.message)"
    }
    guard param == api.promptField else { return error.message }
    return "\(api.promptFault) (\(error.message))"
  }

  private static func isJSON(_ body: [UInt8]) -> Bool {
    body.withUnsafeBytes { bytes in
      var cursor = JSONCursor(bytes)
      do throws(JSONError) {
        try cursor.skipValue()
        try cursor.finish()
        return true
      } catch {
        return false
      }
    }
  }
}

extension InferenceAPI {
  /// Whether a request without a model is refused; token ids can be sent to any endpoint.
  fileprivate var needsModel: Bool {
    switch self {
    case .completions, .chatCompletions, .responses, .messages: true
    case .generate, .sglangGenerate: false
    }
  }

  /// What llm-d's parsers say of a prompt that is missing or wrong.
  fileprivate var promptFault: String {
    switch self {
    case .completions: "invalid completions request: must have prompt field"
    case .chatCompletions: "invalid chat completions request: must have valid messages field"
    case .responses: "invalid responses request: must have input field"
    case .messages: "invalid messages request: must have at least one message"
    case .generate: "invalid generate request: must have non-empty token_ids field"
    case .sglangGenerate: "invalid generate request: must have non-empty input_ids field"
    }
  }
}

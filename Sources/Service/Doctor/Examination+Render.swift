import Tokenize

/// A new prompt, and what it becomes.
struct ExaminedText {
  var prompt: ProbePrompt
  /// By the renderer; nil when there is none, or it failed.
  var rendered: [UInt32]?
  /// By the engine's `/tokenize`; nil when there is none.
  var tokenized: [UInt32]?
}

/// Whether text becomes the tokens that the engine reads.
extension Examination {
  /// Has a new prompt rendered and tokenized, and a chat rendered.
  func renderTexts() -> ExaminedText {
    let text = newText()
    guard let renderer else {
      skip(.render, "--render-url off")
      return ExaminedText(prompt: text, rendered: nil, tokenized: tokenize(text))
    }
    let rendered = render(.completions, completion(text), at: renderer)
    if rendered != nil { renderChat(at: renderer) }
    return ExaminedText(prompt: text, rendered: rendered, tokenized: tokenize(text))
  }

  private var renderer: HTTPClient.Server? {
    switch settings.rendering {
    case .endpoints: server
    case .server(let other): other
    case .off: nil
    }
  }

  /// Long enough for two blocks, and short enough for the model even at four tokens a word.
  func newText() -> ProbePrompt {
    let blockSize = max(engine.blockSize ?? 0, endpoint.blockSize ?? 0)
    let wanted = max(ProbePrompt.wordsMin, 2 * blockSize + 16)
    let room = engine.models.first { $0.id == model }?.maxModelLen.map { $0 / 4 } ?? wanted
    return ProbePrompt(words: max(1, min(wanted, room)))
  }

  private func render(
    _ api: InferenceAPI, _ body: [UInt8], at renderer: HTTPClient.Server
  ) -> [UInt32]? {
    let path = api.path + "/render"
    do throws(RenderFailure) {
      let reply = try calls.post(renderer, path, body).mapError(Self.failure).get()
      let prompts = try RenderAnswer.prompts(api, status: reply.status, body: reply.body)
      return prompts.first?.tokens
    } catch {
      // An engine without a chat template refuses chats themselves, too.
      if case .refused(let status, let message) = error, api == .chatCompletions {
        note("chats are refused (\(status)): \(message)", in: .render)
      } else {
        add(.rendering(error, path: path), to: .render)
      }
      return nil
    }
  }

  private func renderChat(at renderer: HTTPClient.Server) {
    let text = ProbePrompt(words: ProbePrompt.wordsMin).text
    guard let rendered = render(.chatCompletions, chat(text), at: renderer),
      let tokenized = tokens(chat(text))
    else { return }
    if rendered != tokenized {
      add(.renderDisagrees(with: "of /tokenize, for a chat"), to: .render)
    }
  }

  private func tokenize(_ text: ProbePrompt) -> [UInt32]? { tokens(completion(text)) }

  private func tokens(_ body: [UInt8]) -> [UInt32]? {
    guard case .success(let reply) = calls.post(server, "/tokenize", body) else { return nil }
    return try? RenderAnswer.tokenized(status: reply.status, body: reply.body)
  }

  /// Says whether the renderer's tokens are those of the engine's tokenizer.
  func compareWithTokenizer(_ texts: ExaminedText) {
    guard let rendered = texts.rendered, let tokenized = texts.tokenized else { return }
    if rendered == tokenized {
      note("\(rendered.count) tokens, as /tokenize has them", in: .render)
    } else {
      add(.renderDisagrees(with: "of /tokenize"), to: .render)
    }
  }

  /// Says whether the renderer's tokens are those that the engine has read.
  func compare(_ texts: ExaminedText, withRead tokens: [UInt32]) {
    guard let rendered = texts.rendered else { return }
    if rendered == tokens {
      note("\(rendered.count) tokens, as the engine reads them", in: .render)
    } else {
      add(.renderDisagrees(with: "the engine reads"), to: .render)
    }
  }

  private static func failure(_ error: HTTPClientError) -> RenderFailure {
    switch error.kind {
    case .connect, .badURL, .untrusted: .unreachable(error.message)
    case .timedOut: .timedOut
    case .stopped: .stopped
    default: .broken(error.message)
    }
  }

  // MARK: Bodies

  private func completion(_ text: ProbePrompt) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      if let model { json.field("model", model) }
      json.field("prompt", text.text)
    }
    return json.bytes
  }

  private func chat(_ text: String) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      if let model { json.field("model", model) }
      json.field("messages") { json in
        json.array { json in
          json.object { json in
            json.field("role", "user")
            json.field("content", text)
          }
        }
      }
    }
    return json.bytes
  }
}

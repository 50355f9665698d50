package import Tokenize

/// A question to another process's indexer.
package struct RemoteQuery: Sendable {
  package var prompt: PromptInput
  /// The model's served name; nil for the body's own, or the only one.
  package var model: String?
  package var cacheSalt: String?
  /// The adapter's name.
  package var lora: String?
  /// Names of the endpoints to answer for; nil for all.
  package var endpoints: [String]?

  package init(_ prompt: PromptInput, model: String? = nil) {
    self.prompt = prompt
    self.model = model
  }

  /// The body of `POST /v1/score`.
  ///
  /// - Parameter milliseconds: How long the indexer may take.
  func body(milliseconds: Int) -> [UInt8] {
    let promptBytes =
      switch prompt {
      case .tokens(let tokens): 7 * tokens.count
      case .body(_, let body): body.count
      }
    var json = JSONWriter(capacity: 256 + promptBytes)
    json.object { json in
      if let model { json.field("model", model) }
      if let cacheSalt { json.field("cache_salt", cacheSalt) }
      if let lora { json.field("lora", lora) }
      if let endpoints {
        json.field("endpoints") { json in
          json.array { json in for name in endpoints { json.string(name) } }
        }
      }
      json.field("deadline_ms", milliseconds)
      switch prompt {
      case .tokens(let tokens): json.tokens("tokens", tokens)
      case .body(let api, let body):
        json.field("path", api.path)
        json.field("body") { json in body.withUnsafeBytes { json.raw($0) } }
      }
    }
    return json.bytes
  }
}

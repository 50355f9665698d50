/// The requests by which a renderer is examined.
public enum RenderProbeBody {
  /// Plain words, digits and letters outside of ASCII: enough to tell two tokenizers apart.
  private static let text = "Probe 20470: the quick brown fox — naïve façade, 北京, 🦊."

  /// A body for `/v1/completions/render`.
  ///
  /// - Parameter model: The name to ask with; nil lets the renderer take its own.
  public static func render(model: String?) -> [UInt8] { body(model: model, isRender: true) }

  /// A body for `/tokenize` that gives the same token ids.
  public static func tokenize(model: String?) -> [UInt8] { body(model: model, isRender: false) }

  private static func body(model: String?, isRender: Bool) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      if let model { json.field("model", model) }
      json.field("prompt", text)
      // The least that a request can ask for; the tokenizer's endpoint has no such field.
      if isRender { json.field("max_tokens", 1) }
    }
    return json.bytes
  }
}

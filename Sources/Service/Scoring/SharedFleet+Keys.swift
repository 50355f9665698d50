import KVIndexer
import Tokenize

extension SharedFleet {
  /// Hashes a prompt for every namespace of its model.
  func keys(of prompt: RenderedPrompt, model: String, lora: String?) -> PromptKeys {
    keys(of: prompt, lora: lora, namespaces: read { $0.namespaces(model: model) })
  }

  /// Hashes a prompt for some namespaces.
  func keys(
    of prompt: RenderedPrompt, lora: String?, namespaces: [PromptKeys.Namespace]
  ) -> PromptKeys {
    let media = prompt.features.map {
      PromptExtras.Medium(hash: $0.hash, tokens: $0.offset..<$0.offset + $0.length)
    }
    return PromptKeys(
      tokens: prompt.tokens, lora: lora,
      extras: PromptExtras(cacheSalt: prompt.cacheSalt, media: media), namespaces: namespaces,
      hasher: hasher)
  }
}

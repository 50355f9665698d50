internal import Glibc

/// A value of a response that somebody wants; what else there is has none.
enum ResponseField {
  case object(ResponseObject)
  case number(UsageNumber)
  case model
}

/// The counts of a response, by what they say.
enum UsageNumber: UInt8 {
  /// All of the prompt's tokens.
  case prompt
  /// The prompt's tokens that were neither read from the cache nor written to it on purpose.
  case uncachedPrompt
  case completion
  case cached
  /// Anthropic's count beside `uncachedPrompt`.
  case cacheRead
  /// Anthropic's other count beside `uncachedPrompt`.
  case cacheCreation
}

/// An object of a response that has fields of interest.
///
///     document { model, usage, meta_info,
///                response { model, usage },     OpenAI's responses, streamed
///                message { model, usage } }     Anthropic's messages, streamed
enum ResponseObject: UInt8 {
  case document = 1
  case envelope
  case usage
  case details
  case metaInfo

  /// What `key` is in such an object.
  func field(_ key: UnsafeRawBufferPointer) -> ResponseField? {
    switch self {
    case .document:
      if key.is("model") { return .model }
      if key.is("usage") { return .object(.usage) }
      if key.is("meta_info") { return .object(.metaInfo) }
      return key.is("response") || key.is("message") ? .object(.envelope) : nil
    case .envelope:
      if key.is("model") { return .model }
      return key.is("usage") ? .object(.usage) : nil
    case .usage: return Self.usageField(key)
    case .details: return key.is("cached_tokens") ? .number(.cached) : nil
    case .metaInfo:
      if key.is("prompt_tokens") { return .number(.prompt) }
      if key.is("completion_tokens") { return .number(.completion) }
      return key.is("cached_tokens") ? .number(.cached) : nil
    }
  }

  private static func usageField(_ key: UnsafeRawBufferPointer) -> ResponseField? {
    if key.is("prompt_tokens") { return .number(.prompt) }
    if key.is("input_tokens") { return .number(.uncachedPrompt) }
    if key.is("completion_tokens") || key.is("output_tokens") { return .number(.completion) }
    if key.is("prompt_tokens_details") || key.is("input_tokens_details") {
      return .object(.details)
    }
    if key.is("cache_read_input_tokens") { return .number(.cacheRead) }
    return key.is("cache_creation_input_tokens") ? .number(.cacheCreation) : nil
  }
}

extension UnsafeRawBufferPointer {
  /// Whether these are the bytes of `text`.
  @inline(__always)
  fileprivate func `is`(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount, let baseAddress else { return false }
    return memcmp(baseAddress, text.utf8Start, count) == 0
  }
}

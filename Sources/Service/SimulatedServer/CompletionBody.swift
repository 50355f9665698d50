import KVIndexer
import Tokenize

/// The body of a completion as far as a simulated server understands it; other fields are ignored,
/// as vLLM ignores what it does not know.
struct CompletionBody {
  enum Prompt {
    case text(String)
    case tokens([TokenID])
  }

  /// What vLLM generates when a request does not say.
  static let outputTokensDefault = 16

  var model: String?
  var prompts: [Prompt] = []
  var outputTokensMax = Self.outputTokensDefault
  var choices = 1
  var cacheSalt: String?
  var isStreamed = false
  /// Whether a stream ends with the usage.
  var streamsUsage = false
  var returnsTokenIDs = false
  /// Prompt log-probabilities are not returned, but asking for them bypasses the cache.
  var wantsPromptLogProbabilities = false
  /// The messages of a chat, each in the words of the template.
  private var messages: [String]?
  private var addsGenerationPrompt = true

  private enum Field: String {
    case model, prompt, messages, stream, n
    case outputTokensMax = "max_tokens"
    case cacheSalt = "cache_salt"
    case streamOptions = "stream_options"
    case returnsTokenIDs = "return_token_ids"
    case promptLogProbabilities = "prompt_logprobs"
    case outputTokensMaxOfChat = "max_completion_tokens"
    case addsGenerationPrompt = "add_generation_prompt"
  }

  /// Reads a body; `ModelServerError` when it is not one object with fields of the right types.
  ///
  /// - Parameter isChat: Whether the prompt is made of `messages`.
  init(parsing body: [UInt8], isChat: Bool = false) throws(ModelServerError) {
    var field: String?
    do throws(JSONError) {
      self = try body.span.withUnsafeBytes { bytes throws(JSONError) in
        try Self(bytes, &field)
      }
    } catch {
      throw ModelServerError(
        .unreadable, "byte \(error.offset): \(error.message)",
        param: field.map { "body.\($0)" } ?? "body.\(error.offset)")
    }
    guard isChat else { return }
    guard let messages, !messages.isEmpty else {
      throw ModelServerError(.badRequest, "messages must have one or more.", param: "messages")
    }
    let end = addsGenerationPrompt ? [Self.opening("assistant")] : []
    prompts = [.text((messages + end).joined(separator: " "))]
  }

  private static func opening(_ role: String) -> String { "<|\(role)|>" }

  /// - Parameter name: The field that is being read.
  private init(
    _ body: UnsafeRawBufferPointer, _ name: inout String?
  ) throws(JSONError) {
    var cursor = JSONCursor(body)
    try cursor.beginObject()
    while let key = try cursor.nextKey() {
      name = key.text
      if try !cursor.null() { try read(Field(rawValue: key.text), &cursor) }
      name = nil
    }
    try cursor.finish()
  }

  private mutating func read(_ field: Field?, _ cursor: inout JSONCursor) throws(JSONError) {
    switch field {
    case nil: try cursor.skipValue()
    case .model: model = try cursor.string()
    case .prompt: try readPrompts(&cursor)
    case .messages: try readMessages(&cursor)
    case .addsGenerationPrompt: addsGenerationPrompt = try cursor.bool()
    case .outputTokensMax, .outputTokensMaxOfChat: outputTokensMax = try cursor.integer()
    case .n: choices = try cursor.integer()
    case .cacheSalt: cacheSalt = try cursor.string()
    case .stream: isStreamed = try cursor.bool()
    case .streamOptions:
      try cursor.beginObject()
      while let key = try cursor.nextKey() {
        if key == "include_usage" {
          streamsUsage = try cursor.bool()
        } else {
          try cursor.skipValue()
        }
      }
    case .returnsTokenIDs: returnsTokenIDs = try cursor.bool()
    case .promptLogProbabilities: wantsPromptLogProbabilities = try cursor.integer() >= -1
    }
  }

  /// Reads a text, a list of token ids, or a list of either.
  private mutating func readPrompts(_ cursor: inout JSONCursor) throws(JSONError) {
    prompts = []
    guard try cursor.kind() == .array else {
      prompts = [.text(try cursor.string())]
      return
    }
    var tokens: [TokenID] = []
    try cursor.beginArray()
    while try cursor.nextElement() {
      switch try cursor.kind() {
      case .array where tokens.isEmpty:
        var prompt: [TokenID] = []
        try cursor.tokens(into: &prompt)
        prompts.append(.tokens(prompt))
      case .string where tokens.isEmpty, _ where !prompts.isEmpty:
        prompts.append(.text(try cursor.string()))
      default: tokens.append(try cursor.token())
      }
    }
    if !tokens.isEmpty { prompts.append(.tokens(tokens)) }
  }

  /// Reads the messages of a chat, whose content is a text or a list of parts with texts.
  private mutating func readMessages(_ cursor: inout JSONCursor) throws(JSONError) {
    var messages: [String] = []
    try cursor.beginArray()
    while try cursor.nextElement() {
      var role = "user"
      var texts: [String] = []
      try cursor.beginObject()
      while let key = try cursor.nextKey() {
        if key == "role" {
          role = try cursor.string()
        } else if key == "content" {
          texts = try cursor.null() ? [] : Self.texts(&cursor)
        } else {
          try cursor.skipValue()
        }
      }
      messages.append(([Self.opening(role)] + texts + ["<|end|>"]).joined(separator: " "))
    }
    self.messages = messages
  }

  private static func texts(_ cursor: inout JSONCursor) throws(JSONError) -> [String] {
    guard try cursor.kind() == .array else { return [try cursor.string()] }
    var texts: [String] = []
    try cursor.beginArray()
    while try cursor.nextElement() {
      try cursor.beginObject()
      while let key = try cursor.nextKey() {
        if key == "text" { texts.append(try cursor.string()) } else { try cursor.skipValue() }
      }
    }
    return texts
  }
}

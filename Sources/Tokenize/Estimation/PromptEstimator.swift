import CXXH

/// Cuts a prompt's text into blocks without a tokenizer, and estimates its tokens.
///
/// The text is what an engine's chat template would show, in the order in which templates do:
/// tools and instructions before messages, of a message its role before its content. Tools and
/// the arguments of calls count as they were written. Nothing stands between the parts.
///
/// Four bytes of UTF-8 count as a token. A medium stands for as many tokens as were configured,
/// filled with the hash of what describes it: two pictures make two different prompts.
public struct PromptEstimator: Sendable {
  /// The length of a block, in bytes of UTF-8.
  public let charactersPerBlock: Int
  public let tokensPerMedium: Int
  private let seed: UInt64

  /// An estimator with a key of its own.
  ///
  /// - Parameters:
  ///   - blockTokens: The length of a block, in tokens; positive.
  ///   - tokensPerMedium: What an image counts: 225 are 640 × 360 pixels at 1,024 a token.
  ///   - seed: Keys all hashes; blocks of different seeds have nothing in common.
  public init(
    blockTokens: Int, tokensPerMedium: Int = 225, seed: UInt64 = .random(in: .min ... .max)
  ) {
    precondition(blockTokens > 0, "a block of \(blockTokens) tokens")
    precondition(tokensPerMedium >= 0, "\(tokensPerMedium) tokens a medium")
    charactersPerBlock = blockTokens * TextBlocks.bytesPerToken
    self.tokensPerMedium = tokensPerMedium
    self.seed = seed
  }

  /// Estimates the prompts of a request: none for token ids and embeddings.
  ///
  /// - Parameter body: What `request` was parsed from.
  /// - Throws: `JSONError` if `body` is something else.
  /// - Complexity: O(`body.count`); allocates the blocks and the buffer of one block.
  public func prompts(
    of request: InferenceRequest, body: UnsafeRawBufferPointer
  ) throws(JSONError) -> [EstimatedPrompt] {
    switch request.prompt {
    case .tokens, .embeddings: []
    case .text: try texts(request, body)
    case .conversation: [try conversation(request, body)]
    }
  }

  /// Estimates the prompts of a request, as `prompts(of:body:)` of raw bytes does.
  public func prompts(
    of request: InferenceRequest, body: [UInt8]
  ) throws(JSONError) -> [EstimatedPrompt] {
    try body.span.withUnsafeBytes { bytes throws(JSONError) in
      try prompts(of: request, body: bytes)
    }
  }

  private func texts(
    _ request: InferenceRequest, _ body: UnsafeRawBufferPointer
  ) throws(JSONError) -> [EstimatedPrompt] {
    guard let range = request.layout.prompt else { return [] }
    var cursor = JSONCursor(body, at: range.lowerBound)
    if try cursor.kind() == .string { return [try text(&cursor, request, likely: range.count)] }
    var prompts: [EstimatedPrompt] = []
    try cursor.beginArray()
    while try cursor.nextElement() { prompts.append(try text(&cursor, request, likely: 0)) }
    return prompts
  }

  private func text(
    _ cursor: inout JSONCursor, _ request: InferenceRequest, likely bytes: Int
  ) throws(JSONError) -> EstimatedPrompt {
    var blocks = blocks(request, likely: bytes)
    try blocks.text(&cursor)
    return blocks.finish()
  }

  private func conversation(
    _ request: InferenceRequest, _ body: UnsafeRawBufferPointer
  ) throws(JSONError) -> EstimatedPrompt {
    let layout = request.layout
    let parts = [layout.preface, layout.tools, layout.prompt].compactMap(\.self)
    var blocks = blocks(request, likely: parts.reduce(0) { $0 + $1.count })
    if request.api == .messages {
      try append(layout.tools, of: body, to: &blocks)
      try walkContent(layout.preface, of: body, &blocks)
    } else {
      try walkContent(layout.preface, of: body, &blocks)
      try append(layout.tools, of: body, to: &blocks)
    }
    if let range = layout.prompt {
      var cursor = JSONCursor(body, at: range.lowerBound)
      if try cursor.kind() == .array {
        _ = try cursor.walkMessages(&blocks)
      } else {
        try blocks.text(&cursor)
      }
    }
    return blocks.finish()
  }

  private func append(
    _ range: Range<Int>?, of body: UnsafeRawBufferPointer, to blocks: inout TextBlocks
  ) throws(JSONError) {
    guard let range else { return }
    var cursor = JSONCursor(body, at: range.lowerBound)
    if try !cursor.null() { try blocks.json(&cursor) }
  }

  private func walkContent(
    _ range: Range<Int>?, of body: UnsafeRawBufferPointer, _ blocks: inout TextBlocks
  ) throws(JSONError) {
    guard let range else { return }
    var cursor = JSONCursor(body, at: range.lowerBound)
    try cursor.walkContent(&blocks)
  }

  private func blocks(_ request: InferenceRequest, likely bytes: Int) -> TextBlocks {
    TextBlocks(
      root: root(model: request.model, cacheSalt: request.cacheSalt, lora: request.lora),
      bytesPerBlock: charactersPerBlock, tokensPerMedium: tokensPerMedium, likelyBytes: bytes)
  }

  /// What a prompt's first block continues: nothing is shared between models, salts or adapters.
  func root(model: String?, cacheSalt: String?, lora: String?) -> UInt64 {
    var root = seed
    for name in [model, cacheSalt, lora] {
      var text = name ?? ""
      root = text.withUTF8 { XXH3_64bits_withSeed($0.baseAddress, $0.count, root) }
      // The length keeps a name's end from passing for the next one's start.
      root = XXH3_64bits_withSeed([UInt64(text.utf8.count), root], 16, seed)
    }
    return root
  }
}

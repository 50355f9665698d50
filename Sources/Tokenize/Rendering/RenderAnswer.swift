/// What a renderer answers: token ids, the media among them, and the salt, or an error.
///
/// vLLM answers `/v1/completions/render` with a list of objects, one a prompt, and the other paths
/// with one object. Of an object this reads
///
///     {"token_ids": [1, 2, …],
///      "features": {"mm_hashes": {"image": ["…"]},
///                   "mm_placeholders": {"image": [{"offset": 1, "length": 64}]}},
///      "cache_salt": "…"}
///
/// and skips everything else. The i-th hash of a modality belongs to its i-th placeholder.
public enum RenderAnswer {
  /// The prompts in an answer of any status, or why there are none.
  ///
  /// - Complexity: O(`body.count`), at the speed of `JSONCursor`.
  public static func prompts(
    _ api: InferenceAPI, status: Int, body: [UInt8]
  ) throws(RenderFailure) -> [RenderedPrompt] {
    guard status == 200 else { throw failure(status: status, body: body) }
    return try read(body) { cursor, bytes throws(AnswerError) in
      api == .completions
        ? try promptList(&cursor, bytes) : [try prompt(&cursor, bytes, number: 0)]
    }
  }

  /// The token ids in an answer of `/tokenize`, or why there are none.
  public static func tokenized(
    status: Int, body: [UInt8]
  ) throws(RenderFailure) -> [UInt32] {
    guard status == 200 else { throw failure(status: status, body: body) }
    return try read(body) { cursor, bytes throws(AnswerError) in
      var tokens: [UInt32]?
      try cursor.object { cursor, key throws(AnswerError) in
        guard key == "tokens" else { return try cursor.skip() }
        tokens = try Self.tokens(&cursor, bytes)
      }
      guard let tokens else { throw AnswerError(clause: "there are no tokens") }
      return tokens
    }
  }

  // MARK: Prompts

  private static func promptList(
    _ cursor: inout JSONCursor, _ bytes: UnsafeRawBufferPointer
  ) throws(AnswerError) -> [RenderedPrompt] {
    var prompts: [RenderedPrompt] = []
    try cursor.array { cursor throws(AnswerError) in
      prompts.append(try prompt(&cursor, bytes, number: prompts.count))
    }
    guard !prompts.isEmpty else { throw AnswerError(clause: "the list of prompts is empty") }
    return prompts
  }

  private static func prompt(
    _ cursor: inout JSONCursor, _ bytes: UnsafeRawBufferPointer, number: Int
  ) throws(AnswerError) -> RenderedPrompt {
    var prompt = RenderedPrompt(tokens: [])
    try cursor.object { cursor, key throws(AnswerError) in
      if key == "token_ids" {
        prompt.tokens = try tokens(&cursor, bytes)
      } else if key == "features" {
        prompt.features = try RenderedFeatures.read(&cursor)
      } else if key == "cache_salt" {
        prompt.cacheSalt = try cursor.optionalString()
      } else {
        try cursor.skip()
      }
    }
    guard !prompt.tokens.isEmpty else {
      throw AnswerError(clause: "prompt \(number) has no token_ids")
    }
    for feature in prompt.features where feature.offset + feature.length > prompt.tokens.count {
      throw AnswerError(clause: "a placeholder of prompt \(number) reaches past its tokens")
    }
    return prompt
  }

  /// Reads an array of token ids into one allocation that fits it.
  private static func tokens(
    _ cursor: inout JSONCursor, _ bytes: UnsafeRawBufferPointer
  ) throws(AnswerError) -> [UInt32] {
    let rest = UnsafeRawBufferPointer(rebasing: bytes[cursor.offset...])
    var commas = 0
    for byte in rest.prefix(rest.firstIndex(of: UInt8(ascii: "]")) ?? 0) {
      commas &+= byte == UInt8(ascii: ",") ? 1 : 0
    }
    var tokens: [UInt32] = []
    tokens.reserveCapacity(commas + 1)
    do throws(JSONError) {
      try cursor.tokens(into: &tokens)
    } catch {
      throw AnswerError(error)
    }
    return tokens
  }

  private static func read<Value>(
    _ body: [UInt8],
    _ value: (inout JSONCursor, UnsafeRawBufferPointer) throws(AnswerError) -> Value
  ) throws(RenderFailure) -> Value {
    let result = body.withUnsafeBytes { bytes -> Result<Value, AnswerError> in
      var cursor = JSONCursor(bytes)
      do throws(AnswerError) {
        let value = try value(&cursor, bytes)
        try cursor.end()
        return .success(value)
      } catch {
        return .failure(error)
      }
    }
    do throws(AnswerError) {
      return try result.get()
    } catch {
      throw .badAnswer(error.clause)
    }
  }
}

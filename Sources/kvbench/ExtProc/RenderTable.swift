import KVIndexer

/// A stand-in for a renderer that knows its prompts' token ids beforehand.
struct RenderTable: Sendable {
  /// By a prompt's identifier, its token ids but the last, as the start of an answer.
  private var answers: [Int: [UInt8]] = [:]

  init(_ sets: [SharedPrompts] = []) {
    for prompts in sets {
      for number in 0..<prompts.count {
        let ids = prompts.tokens(of: number).map { "\($0)," }.joined()
        answers[prompts.identifier(of: number)] = Array(
          "[{\"request_id\":\"render\",\"token_ids\":[\(ids)".utf8)
      }
    }
  }

  /// What vLLM answers to a numbered body: the prompt's token ids, and its number's.
  ///
  /// - Returns: Nil when the prompt is none of the table's.
  func answer(_ body: [UInt8]) -> [UInt8]? {
    guard let (prompt, number) = NumberedBody.numbers(in: body), let start = answers[prompt] else {
      return nil
    }
    return start + Array("\(number % 128_000)],\"features\":null,\"cache_salt\":null}]".utf8)
  }
}

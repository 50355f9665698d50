import KVIndexer
import Simulation

/// Prompts of equal length in groups that share their first three quarters.
struct SharedPrompts {
  static let model = "meta-llama/Llama-3.1-8B-Instruct"
  /// What engines are asked to generate.
  private static let outputTokens = 8

  /// Token ids of a prompt.
  let length: Int
  /// Different prompts; prompt `n` belongs to group `n % groups`.
  let count: Int
  /// The blocks that the prompts of a group share.
  let shared: [Forest.Chain]
  private let seed: UInt64

  init(tokens length: Int, groups: Int, count: Int, seed: UInt64) {
    self.length = length
    self.count = count
    self.seed = seed &+ UInt64(length) << 32
    var random = SplitMix64(seed: self.seed)
    let blocks = length * 3 / 4 / EngineMessages.blockSize
    shared = (0..<groups).map { _ in
      let keys = Forest.continued([], length: blocks, &random)
      return Forest.Chain(keys: keys, hashes: keys.map(Forest.engineHash))
    }
  }

  func group(of number: Int) -> Int { number % shared.count }

  /// What tells a prompt from those of all lengths.
  func identifier(of number: Int) -> Int { length * 10_000 + number }

  /// The token ids of a prompt.
  func tokens(of number: Int) -> [TokenID] {
    var tokens = shared[group(of: number)].keys.flatMap(EngineMessages.tokens)
    var random = SplitMix64(seed: seed ^ UInt64(number + 1) &* 0x9E37_79B9_7F4A_7C15)
    while tokens.count < length { tokens.append(TokenID(random.below(128_000))) }
    return tokens
  }

  /// The body of a completion of a prompt, as token ids.
  func tokenBody(_ number: Int) -> NumberedBody {
    var text = "{\"model\":\"\(Self.model)\",\"max_tokens\":\(Self.outputTokens),\"prompt\":["
    text += tokens(of: number).map { "\($0)" }.joined(separator: ",")
    return NumberedBody(head: Array((text + "]}").utf8), isNumbered: false)
  }

  /// The body of a completion of a prompt, as text: four bytes a token.
  func textBody(_ number: Int) -> NumberedBody {
    var body = Array(
      "{\"model\":\"\(Self.model)\",\"max_tokens\":\(Self.outputTokens),\"prompt\":\"".utf8)
    for token in tokens(of: number) {
      var rest = token
      for _ in 0..<3 {
        body.append(UInt8(ascii: "a") + UInt8(rest % 26))
        rest /= 26
      }
      body.append(UInt8(ascii: " "))
    }
    return NumberedBody(
      head: body + NumberedBody.mark(of: identifier(of: number)), isNumbered: true)
  }
}

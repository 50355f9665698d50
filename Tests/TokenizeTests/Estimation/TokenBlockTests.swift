import Testing
import Tokenize

@Suite struct TokenBlockTests {
  private static let estimator = PromptEstimator(blockTokens: 4, seed: 1)

  private func blocks(
    _ tokens: [UInt32], _ features: [PromptFeature] = [], model: String = "m",
    salt: String? = nil, lora: String? = nil
  ) -> [EstimatedBlock] {
    Self.estimator.blocks(
      ofTokens: tokens, features: features, model: model, cacheSalt: salt, lora: lora)
  }

  @Test func `only whole blocks count, and each tells all before it`() {
    let long = blocks(Array(1...21))
    #expect(long.count == 5)
    #expect(Set(long).count == 5)
    for count in 0...21 {
      #expect(blocks(Array(1...21).prefix(count).map(\.self)) == Array(long.prefix(count / 4)))
    }
    #expect(Set(blocks([0] + Array(2...21))).isDisjoint(with: long))
    #expect(blocks([]).isEmpty)
  }

  @Test func `models, salts and adapters share nothing`() {
    let tokens = [UInt32](1...8)
    let variants = [
      blocks(tokens), blocks(tokens, model: "n"), blocks(tokens, model: "ms"),
      blocks(tokens, salt: "s"), blocks(tokens, lora: "s"), blocks(tokens, salt: "t"),
    ]
    #expect(Set(variants.joined()).count == 2 * variants.count)
  }

  @Test(arguments: [
    #"{"model": "m", "prompt": "hello"}"#, #"{"model": "n", "prompt": "hello"}"#,
    #"{"model": "m", "prompt": "hello", "cache_salt": "s"}"#,
    #"{"model": "m", "prompt": "hello", "cache_salt": "t"}"#,
  ]) func `blocks of tokens are none of the same bytes as text`(_ body: String) throws {
    // The bytes of "hello world ahoy!" in groups of four, as token ids would have them.
    let text = "hello world ahoy! and so on"
    let bytes = Array(text.utf8)
    let tokens = (0..<bytes.count / 4).map { index in
      bytes[4 * index..<4 * index + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    let body = body.replacing("hello", with: text)
    let request = try inference(.completions, body)
    let prompt = try #require(
      try Self.estimator.prompts(of: request, body: Array(body.utf8)).first)
    #expect(prompt.blocks.count == 1)
    let own = blocks(tokens, model: request.model ?? "", salt: request.cacheSalt)
    #expect(Set(own).isDisjoint(with: prompt.blocks))
  }

  @Test func `texts of different models and salts share nothing`() throws {
    let text = "It keeps what it has read, block by block."
    var seen: Set<EstimatedBlock> = []
    var count = 0
    for fields in [
      #""model": "m""#, #""model": "n""#, #""model": "m", "cache_salt": "n""#,
      #""model": "m", "cache_salt": "s""#,
    ] {
      let body = #"{\#(fields), "prompt": "\#(text)"}"#
      let request = try inference(.completions, body)
      for prompt in try Self.estimator.prompts(of: request, body: Array(body.utf8)) {
        seen.formUnion(prompt.blocks)
        count += prompt.blocks.count
      }
    }
    #expect(count == 8)
    #expect(seen.count == count)
  }

  @Test func `two pictures behind the same placeholders are told apart`() {
    let tokens: [UInt32] = [1, 2, 3, 4] + Array(repeating: 9, count: 8) + [5, 6, 7, 8]
    func feature(_ hash: String, _ offset: Int = 5) -> PromptFeature {
      PromptFeature(modality: "image", hash: hash, offset: offset, length: 6)
    }
    let plain = blocks(tokens)
    let one = blocks(tokens, [feature("a")])
    let other = blocks(tokens, [feature("b")])
    #expect(one[0] == plain[0])
    #expect(one[0] == other[0])
    #expect(Set(one.dropFirst() + other.dropFirst() + plain.dropFirst()).count == 9)
    #expect(blocks(tokens, [feature("a")]) == one)
    #expect(blocks(tokens, [feature("a", 6)])[1] != one[1])
    #expect(blocks(tokens, [feature("z", 99)]) == plain)
  }
}

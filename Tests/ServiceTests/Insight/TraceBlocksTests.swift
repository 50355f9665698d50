import KVIndexer
import Testing
import Tokenize

@testable import Service

@Suite struct TraceBlocksTests {
  private let hasher = BlockHasher(sharedKey: "key")

  private func blocks(
    _ tokens: [UInt32], salt: String? = nil, model: String = "m", features: [PromptFeature] = []
  ) -> [UInt64] {
    TraceBlocks.hashes(
      of: [RenderedPrompt(tokens: tokens, features: features, cacheSalt: salt)], model: model,
      lora: nil, hasher: hasher)
  }

  private func tokens(_ count: Int, from start: UInt32 = 0) -> [UInt32] {
    (0..<UInt32(count)).map { $0 + start }
  }

  @Test(arguments: [0, 1, 511, 512, 513, 1024, 5000])
  func `there is one for every 512 tokens, and one for what is left`(count: Int) {
    #expect(blocks(tokens(count)).count == (count + 511) / 512)
  }

  @Test func `prompts have the same hashes as far as they are the same`() {
    let long = blocks(tokens(2000))
    #expect(blocks(tokens(2000)) == long)
    #expect(Array(blocks(tokens(1024)).prefix(2)) == Array(long.prefix(2)))
    // The last block of the shorter one is another block.
    let shorter = blocks(tokens(1500))
    #expect(Array(shorter.prefix(2)) == Array(long.prefix(2)) && shorter[2] != long[2])
    var changed = tokens(2000)
    changed[600] += 1
    let other = blocks(changed)
    #expect(other[0] == long[0])
    #expect(zip(other, long).dropFirst().allSatisfy { $0 != $1 })
  }

  @Test func `salts, models, media and keys keep prompts apart`() {
    let plain = blocks(tokens(600))
    let feature = PromptFeature(modality: "image", hash: "h", offset: 520, length: 4)
    #expect(blocks(tokens(600), salt: "s")[0] != plain[0])
    #expect(blocks(tokens(600), model: "n")[0] != plain[0])
    let picture = blocks(tokens(600), features: [feature])
    #expect(picture[0] == plain[0] && picture[1] != plain[1])
    let elsewhere = TraceBlocks.hashes(
      of: [RenderedPrompt(tokens: tokens(600))], model: "m", lora: nil,
      hasher: BlockHasher(sharedKey: "other"))
    #expect(elsewhere[0] != plain[0])
  }

  private func estimated(_ blocks: [UInt64], tokens: Int, blockTokens: Int = 64)
    -> ApproximatePrompt
  {
    ApproximatePrompt(
      blocks: [blocks.map { EstimatedBlock(bits: $0) }], promptTokens: tokens,
      blockTokens: blockTokens)
  }

  private func hashes(
    _ prompt: ApproximatePrompt, promptTokens: Int? = nil, unique: UInt64 = 7
  ) -> [UInt64] {
    TraceBlocks.hashes(
      of: prompt, promptTokens: promptTokens ?? prompt.promptTokens, unique: unique,
      hasher: hasher)
  }

  @Test func `text that begins alike has the same hashes, whatever comes after`() {
    let long = hashes(estimated(Array(0..<40), tokens: 2600))
    let short = hashes(estimated(Array(0..<20), tokens: 1300), unique: 8)
    #expect(long.count == 6 && short.count == 3)
    #expect(Array(short.prefix(2)) == Array(long.prefix(2)))
    #expect(short[2] != long[2])
    var changed = Array(UInt64(0)..<40)
    for block in 12..<40 { changed[block] += 100 }
    let other = hashes(estimated(changed, tokens: 2600))
    #expect(other[0] == long[0] && zip(other, long).dropFirst().allSatisfy { $0 != $1 })
  }

  @Test func `the count fits the prompt's tokens, however many were estimated`() {
    for actual in [100, 512, 1000, 3000] {
      let prompt = estimated(Array(0..<20), tokens: 1300)
      #expect(hashes(prompt, promptTokens: actual).count == (actual + 511) / 512)
    }
    #expect(hashes(ApproximatePrompt(), promptTokens: 700).count == 2)
    #expect(hashes(ApproximatePrompt(), promptTokens: 0) == [])
  }

  @Test func `short texts that are the same are told from those that are not`() {
    let one = estimated([1, 2], tokens: 150)
    #expect(hashes(one, unique: 1) == hashes(one, unique: 2))
    #expect(hashes(one) != hashes(estimated([1, 3], tokens: 150)))
  }

  @Test func `nothing is claimed of text that was not cut`() {
    // Ten blocks are all that may be matched of two prompts of forty.
    let cut = estimated(Array(0..<10), tokens: 2600)
    let (one, two) = (hashes(cut, unique: 1), hashes(cut, unique: 2))
    #expect(one[0] == two[0])
    #expect(zip(one, two).dropFirst().allSatisfy { $0 != $1 })
    #expect(Set(one).count == one.count)
  }
}

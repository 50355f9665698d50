import KVIndexer
import Testing

@Suite struct PromptExtrasTests {
  private let seed: UInt64 = 7

  private func digest(_ add: (inout ExtraKeyHasher) -> Void) -> UInt64 {
    var hasher = ExtraKeyHasher(seed: seed)
    add(&hasher)
    return hasher.digest()
  }

  @Test func `a salt belongs to the first block only`() {
    let extras = PromptExtras(cacheSalt: "s")
    #expect(extras.digests(blockSize: 4, seed: seed) == [digest { $0.add("s") }])
    #expect(PromptExtras(cacheSalt: "").digests(blockSize: 4, seed: seed).isEmpty)
    #expect(PromptExtras().digests(blockSize: 4, seed: seed).isEmpty)
  }

  @Test func `a medium belongs to every block that it touches, by its offset from the block`() {
    let extras = PromptExtras(media: [PromptExtras.Medium(hash: "image", tokens: 6..<13)])
    #expect(
      extras.digests(blockSize: 4, seed: seed) == [
        0, digest { $0.add(multimodal: "image", offset: 2) },
        digest { $0.add(multimodal: "image", offset: -2) },
        digest { $0.add(multimodal: "image", offset: -6) },
      ])
  }

  @Test func `media come before the salt, in their order`() {
    let extras = PromptExtras(
      cacheSalt: "s",
      media: [
        PromptExtras.Medium(hash: "a", tokens: 0..<2),
        PromptExtras.Medium(hash: "b", tokens: 3..<4),
      ])
    let expected = digest {
      $0.add(multimodal: "a", offset: 0)
      $0.add(multimodal: "b", offset: 3)
      $0.add("s")
    }
    #expect(extras.digests(blockSize: 4, seed: seed) == [expected])
  }

  @Test func `what ends at a block's edge is not in the next block`() {
    let extras = PromptExtras(media: [PromptExtras.Medium(hash: "a", tokens: 0..<4)])
    #expect(extras.digests(blockSize: 4, seed: seed).count == 1)
    #expect(extras.digests(blockSize: 2, seed: seed).count == 2)
  }
}

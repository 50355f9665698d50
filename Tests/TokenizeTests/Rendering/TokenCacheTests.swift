import Simulation
import Testing
import Tokenize

@Suite struct TokenCacheTests {
  private func key(_ number: Int, scope: UInt64 = 0) -> TokenCache.Key {
    TokenCache.Key(RenderKey(high: 7, low: UInt64(number)), scope: scope)
  }

  private func prompts(_ number: Int, tokens: Int = 100) -> [RenderedPrompt] {
    [RenderedPrompt(tokens: Array(repeating: UInt32(number), count: tokens))]
  }

  private func cache(bytes: Int = 1 << 20, age: Duration = .seconds(60)) -> TokenCache {
    TokenCache(bytesMax: bytes, ageMax: age)
  }

  @Test func `what was put in comes out, by key and scope`() {
    var cache = cache()
    cache.insert(key(1), prompts(1), at: 0)
    cache.insert(key(1, scope: 9), prompts(2), at: 0)
    let found1 = cache.find(key(1), at: 1)
    #expect(found1 == prompts(1))
    let found2 = cache.find(key(1, scope: 9), at: 1)
    #expect(found2 == prompts(2))
    let found3 = cache.find(key(2), at: 1)
    #expect(found3 == nil)
    #expect(cache.statistics.hits == 2)
    #expect(cache.statistics.misses == 1)
    #expect(cache.statistics.entries == 2)
    cache.insert(key(1), prompts(3), at: 2)
    let found4 = cache.find(key(1), at: 2)
    #expect(found4 == prompts(3))
    #expect(cache.statistics.entries == 2)
    cache.removeAll()
    let found5 = cache.find(key(1), at: 2)
    #expect(found5 == nil)
    #expect(cache.statistics.bytes == 0)
  }

  @Test func `an old entry is none`() {
    var cache = cache(age: .nanoseconds(10))
    cache.insert(key(1), prompts(1), at: 5)
    let found6 = cache.find(key(1), at: 14)
    #expect(found6 != nil)
    let found7 = cache.find(key(1), at: 15)
    #expect(found7 == nil)
    #expect(cache.statistics.entries == 0)
    #expect(cache.statistics.bytes == 0)
  }

  @Test func `what is larger than the cache is not kept, and costs nobody a place`() {
    var cache = cache(bytes: 4096)
    cache.insert(key(1), prompts(1), at: 0)
    cache.insert(key(2), prompts(2, tokens: 1024), at: 0)
    let found8 = cache.find(key(2), at: 0)
    #expect(found8 == nil)
    let found9 = cache.find(key(1), at: 0)
    #expect(found9 != nil)
    var none = self.cache(bytes: 0)
    none.insert(key(1), prompts(1), at: 0)
    #expect(none.statistics.entries == 0)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `it keeps what was used last, like a plain list`(_ seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let bytesMax = 20_000
    var cache = cache(bytes: bytesMax)
    // Newest last, with what each takes by the cache's own count.
    var list: [(number: Int, bytes: Int)] = []
    for _ in 0..<2000 {
      let number = random.below(60)
      let place = list.firstIndex { $0.number == number }
      let found = cache.find(key(number), at: 0)
      #expect((found != nil) == (place != nil))
      if let place {
        #expect(found?[0].tokens.first == UInt32(number))
        list.append(list.remove(at: place))
      } else {
        let before = cache.statistics
        cache.insert(key(number), prompts(number, tokens: 1 + random.below(900)), at: 0)
        let evicted = cache.statistics.evictions - before.evictions
        let freed = list.prefix(evicted).reduce(0) { $0 + $1.bytes }
        list.removeFirst(evicted)
        list.append((number, cache.statistics.bytes - before.bytes + freed))
      }
      #expect(cache.statistics.bytes <= bytesMax)
      #expect(cache.statistics.bytes == list.reduce(0) { $0 + $1.bytes })
      #expect(cache.statistics.entries == list.count)
    }
    #expect(cache.statistics.evictions > 100)
  }
}

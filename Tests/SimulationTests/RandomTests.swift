import Testing

@testable import Simulation

@Suite struct RandomTests {
  /// The published first outputs of SplitMix64 for this seed.
  @Test func `SplitMix64 gives its published stream`() {
    var random = SplitMix64(seed: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
    ]
    let drawn = (0..<5).map { _ in random.next() }
    #expect(drawn == expected)
  }

  @Test(arguments: [1, 2]) func `Numbers stay inside their bounds and reach them`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let drawn = Set((0..<500).map { _ in random.inside(-2...3) })
    #expect(drawn == Set(-2...3))
    let fractions = (0..<500).map { _ in random.fraction() }
    #expect(fractions.allSatisfy { (0..<1).contains($0) })
  }

  @Test(arguments: [1, 2]) func `Popular ranks are drawn more often`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let zipf = ZipfDistribution(count: 10, exponent: 1)
    var counts = [Int](repeating: 0, count: 10)
    for _ in 0..<29_290 { counts[zipf.draw(from: &random)] += 1 }
    // The weights 1, 1/2, … 1/10 sum to 2.929.
    #expect((9_700...10_300).contains(counts[0]))
    #expect((850...1_150).contains(counts[9]))
  }
}

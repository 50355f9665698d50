import EPPScorer
import Testing

@Suite struct PickerTests {
  /// How often each index is picked first in 4,000 picks.
  private func counts(_ picker: any Picker, _ scores: [Double], seed: UInt64) -> [Int] {
    var random = RandomStream(seed: seed)
    var counts = [Int](repeating: 0, count: scores.count)
    for _ in 0..<4000 { counts[picker.pick(scores, random: &random)[0]] += 1 }
    return counts
  }

  @Test(arguments: [1, 2, 3]) func `the highest score wins, and equal ones as often`(
    seed: UInt64
  ) {
    for count in [1, 2] {
      let picker = MaxScorePicker(maxNumOfEndpoints: count)
      let wins = counts(picker, [2, 3, 1, 3, 3, 3], seed: seed)
      #expect(wins[0] == 0 && wins[2] == 0)
      #expect([1, 3, 4, 5].allSatisfy { (850...1150).contains(wins[$0]) })
      #expect(counts(picker, [0, 5, 4], seed: seed) == [0, 4000, 0])
    }
  }

  @Test(arguments: [1, 2, 3]) func `any endpoint is picked as often by the random picker`(
    seed: UInt64
  ) {
    for count in [1, 2] {
      let wins = counts(RandomPicker(maxNumOfEndpoints: count), [0, 9, 5, 1], seed: seed)
      #expect(wins.allSatisfy { (850...1150).contains($0) })
    }
  }

  @Test(arguments: [1, 2, 3]) func `the weighted picker picks in proportion to scores`(
    seed: UInt64
  ) {
    let wins = counts(WeightedRandomPicker(), [1, 2, 0, 5, -1], seed: seed)
    #expect((420...580).contains(wins[0]) && (880...1120).contains(wins[1]))
    #expect((2350...2650).contains(wins[3]) && wins[2] == 0 && wins[4] == 0)
    let equal = counts(WeightedRandomPicker(), [0, 0, -1, 0], seed: seed)
    #expect(equal.allSatisfy { (850...1150).contains($0) })
  }

  @Test func `the second weighted pick is in proportion to what is left`() {
    var random = RandomStream(seed: 7)
    var seconds = [0, 0, 0]
    for _ in 0..<4000 {
      let picks = WeightedRandomPicker(maxNumOfEndpoints: 2).pick([1, 1, 2], random: &random)
      seconds[picks[1]] += 1
    }
    // After the third (a half): the others in half of that each; after one of the others (a
    // quarter each): it in a third, the third in two thirds. 1/4 + 1/12 = 1/3 each.
    #expect(seconds.allSatisfy { (1200...1470).contains($0) })
  }

  static let pickers: [any Picker] = [
    MaxScorePicker(maxNumOfEndpoints: 3), RandomPicker(maxNumOfEndpoints: 3),
    WeightedRandomPicker(maxNumOfEndpoints: 3),
  ]

  @Test(arguments: pickers.indices) func `several picks are different, as many as there are`(
    index: Int
  ) {
    let picker = Self.pickers[index]
    var random = RandomStream(seed: 3)
    for count in 0...5 {
      let picks = picker.pick((0..<count).map { Double($0) }, random: &random)
      #expect(picks.count == min(count, 3) && Set(picks).count == picks.count)
    }
    if index == 0 { #expect(picker.pick([1, 4, 2, 3], random: &random) == [1, 3, 2]) }
  }

  @Test func `less than one endpoint means one`() {
    var random = RandomStream(seed: 3)
    #expect(MaxScorePicker(maxNumOfEndpoints: 0).pick([1, 2], random: &random) == [1])
    #expect(RandomPicker(maxNumOfEndpoints: -5).pick([1, 2], random: &random).count == 1)
  }

  @Test(arguments: pickers.indices) func `scores that are no numbers are no trap`(index: Int) {
    var random = RandomStream(seed: 3)
    for scores: [Double] in [[.nan, 1], [.nan, .nan], [.infinity, 1], [-.infinity, .nan]] {
      for count in 1...2 {
        let picker: any Picker =
          [
            MaxScorePicker(maxNumOfEndpoints: count), RandomPicker(maxNumOfEndpoints: count),
            WeightedRandomPicker(maxNumOfEndpoints: count),
          ][index]
        let picks = picker.pick(scores, random: &random)
        #expect(Set(picks).count == count && picks.allSatisfy { scores.indices.contains($0) })
      }
    }
  }

  @Test func `the stream of a seed never changes`() {
    var random = RandomStream(seed: 1_234_567)
    #expect(random.next() == 6_457_827_717_110_365_317)
    #expect(random.next() == 3_203_168_211_198_807_973)
    #expect(random.permutation(20).sorted() == Array(0..<20))
  }
}

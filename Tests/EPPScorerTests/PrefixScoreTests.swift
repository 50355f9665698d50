import EPPScorer
import Testing

@Suite struct PrefixScoreTests {
  @Test(arguments: [
    (matched: 0, reserved: 0, total: 0, score: 0.0), (0, 32, 64, 0.5), (16, 0, 64, 0.25),
    (48, 16, 64, 1), (16, 0, 0, 0),
  ]) func `the score is the share of the prompt that is there or reserved`(
    _ matched: Int, _ reserved: Int, _ total: Int, _ score: Double
  ) {
    let scorer = PrefixScore()
    #expect(
      scorer(matchedTokens: matched, reservedTokens: reserved, promptTokens: total) == score)
  }

  @Test func `reservations count only where they are asked to`() {
    let scorer = PrefixScore(countsReservations: false)
    #expect(scorer(matchedTokens: 16, reservedTokens: 16, promptTokens: 64) == 0.25)
  }
}

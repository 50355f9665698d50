import KVIndexer
import Testing

@testable import Service

@Suite struct DemoTableTests {
  private static func table(approximations: [String: Int], engines: Int = 2) -> DemoTable {
    var tally = DemoTally()
    tally.requests = 1_234
    tally.hits = HitCount(promptTokens: 2_000_000, cachedTokens: 1_500_000)
    tally.predictedTokens = 1_500_001
    let rows = (0..<engines).map { number in
      DemoTable.Row(
        name: "engine-\(number)", tally: tally, running: 1, residentBlocks: 511,
        evictedBlocks: 9_876, trust: "exact")
    }
    return DemoTable(
      rows: rows, roundRobin: HitCount(promptTokens: 3, cachedTokens: 1),
      approximations: approximations)
  }

  @Test func `a table has a line an endpoint, sums, and a comparison, and fits a terminal`() {
    let lines = Self.table(approximations: [:]).lines
    #expect(
      lines == [
        "endpoint  requests running predicted delivered   hits resident evicted trust",
        "engine-0     1,234       1 1,500,001 1,500,000 75.0 %      511   9,876 exact",
        "engine-1     1,234       1 1,500,001 1,500,000 75.0 %      511   9,876 exact",
        "total        2,468       2 3,000,002 3,000,000 75.0 %    1,022  19,752",
        "hits 75.0 %, round robin 33.3 %; picks: 2,468 exact, 0 approximate",
      ])
    #expect(lines.allSatisfy { $0.count <= 80 })
  }

  @Test func `of many endpoints the first ones have a line`() {
    let lines = Self.table(approximations: [:], engines: 200).lines
    #expect(lines.count == 20)
    #expect(lines[17] == "… 184 more")
    #expect(lines[18].hasPrefix("total      246,800"))
  }

  @Test func `approximate picks are told by cause`() {
    let table = Self.table(approximations: ["notExact": 3, "noTokens": 1_000])
    #expect(
      table.lines.last?.hasSuffix(
        "picks: 1,465 exact, 1,003 approximate (noTokens 1000, notExact 3)") == true)
  }

  @Test func `nothing sent yet has no ratio`() {
    #expect(HitCount().ratio == "–")
  }

  @Test func `guesses and shared engines do not count as wrong`() throws {
    var total = DemoTally()
    let wrong = DemoPrediction(
      engine: 0, promptTokens: 100, predictedTokens: 32, deliveredTokens: 48)
    total.shared.add(wrong)
    total.alone.add(
      DemoPrediction(engine: 0, promptTokens: 100, predictedTokens: 16, deliveredTokens: 16))
    let right = DemoConclusion(total: total, differences: [], engines: ["engine-0"])
    #expect(right.isRight)
    #expect(right.text.contains("in between: 0 of 1 equal\n"))
    #expect(
      right.text.hasSuffix(
        "\n1 of 2 predictions equal (predicted 48 tokens, delivered 64 tokens)\n"))
    total.alone.add(wrong)
    let conclusion = DemoConclusion(total: total, differences: [wrong], engines: ["engine-0"])
    #expect(!conclusion.isRight)
    #expect(conclusion.text.contains("engine-0: predicted 32, delivered 48 of 100 prompt tokens"))
  }

  @Test func `by turns a prompt is found again when the engine's turn comes again`() throws {
    var options = DemoOptions()
    options.engines = 2
    var replay = try RoundRobinReplay(options)
    let prompt = (0..<40).map { TokenID($0) }
    for _ in 0..<3 {
      try replay.add(DemoTraffic.Finished(prompt: prompt, output: [1, 2, 3]))
    }
    // Two of three find nothing; the third finds the two whole blocks.
    #expect(replay.hits == HitCount(promptTokens: 120, cachedTokens: 32))
  }
}

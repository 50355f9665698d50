/// What the demo says at its end; the last line is the count of predictions that were right.
struct DemoConclusion {
  let total: DemoTally
  let differences: [DemoPrediction]
  let engines: [String]

  /// Whether everything was right that had to be.
  var isRight: Bool { total.alone.equal == total.alone.requests }

  var text: String {
    let all = total.alone + total.shared
    return differing + sharing + """
      \(all.equal) of \(all.requests) predictions equal (predicted \(all.predictedTokens) tokens, \
      delivered \(all.deliveredTokens) tokens)\n
      """
  }

  private var differing: String {
    guard !differences.isEmpty else { return "\n" }
    let lines = differences.map { difference in
      """
        \(engines[difference.engine]): predicted \(difference.predictedTokens), delivered \
      \(difference.deliveredTokens) of \(difference.promptTokens) prompt tokens\n
      """
    }
    return "\nThe first predictions that differ:\n" + lines.joined()
  }

  private var sharing: String {
    guard total.shared.requests > 0 else { return "" }
    return """
      alone on their engine, so that predictions have to be right: \(Self.count(total.alone))
      beside others, which may store or evict in between: \(Self.count(total.shared))\n
      """
  }

  private static func count(_ verdict: DemoTally.Verdict) -> String {
    "\(verdict.equal) of \(verdict.requests) equal"
  }
}

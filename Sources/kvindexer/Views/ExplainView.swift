/// Why each endpoint holds so much of a prompt, and which one would be picked.
enum ExplainView {
  static func lines(_ answer: ExplainAnswer) -> [StyledText] {
    var lines = heading(answer) + [""]
    guard !answer.endpoints.isEmpty else {
      return lines + [StyledText("No endpoint serves this.", .doubtful)]
    }
    lines += endpoints(answer).lines
    let missing = missing(answer)
    if !missing.isEmpty { lines += [""] + missing.lines }
    let scores = scores(answer)
    if !scores.isEmpty { lines += [""] + scores.lines }
    if let pick = answer.pick {
      lines += ["", StyledText("pick: ", .strong) + "\(pick.sentence)"]
      if let givenUp = pick.givenUp {
        lines.append(StyledText("given up: ", .doubtful) + "\(givenUp.sentence)")
      }
    }
    return lines
  }

  private static func heading(_ answer: ExplainAnswer) -> [StyledText] {
    var facts = ["\(Quantity.count(answer.promptTokens)) prompt tokens"]
    if let size = answer.blockSize, let full = answer.fullBlocks, let usable = answer.usableBlocks {
      facts.append("\(Quantity.count(full)) full blocks of \(size) tokens")
      facts.append("\(Quantity.count(usable)) usable")
    }
    if let lora = answer.lora { facts.append("LoRA \(lora)") }
    if answer.cacheSalt { facts.append("salted") }
    let model = answer.model.isEmpty ? StyledText("") : StyledText(answer.model + ": ", .strong)
    var lines = [model + "\(facts.joined(separator: ", "))"]
    lines.append(StyledText(answer.tokens.sentence, .faint))
    if let reason = answer.reason, reason != answer.tokens.sentence {
      lines.append(StyledText(reason, .doubtful))
    }
    return lines
  }

  private static func endpoints(_ answer: ExplainAnswer) -> TextTable {
    let tiers = ["gpu", "cpu", "disk", "remote"].filter { tier in
      tier == "gpu" || answer.endpoints.contains { $0.tiers[tier] != nil }
    }
    let isPicking = answer.endpoints.contains { $0.prediction != nil || $0.scoreTotal != nil }
    var columns: [TextTable.Column] = ["", "ENDPOINT", .number("MATCHED"), .number("OF ALL")]
    columns += tiers.map { .number($0.uppercased()) } + [.number("RESERVED")]
    if isPicking { columns += [.number("PREDICTED"), "BASIS", .number("SCORE")] }
    var table = TextTable(columns + ["TRUST", ""])
    for endpoint in answer.endpoints {
      var row: [StyledText] = [
        StyledText(endpoint.picked ? "→" : "", .good), StyledText(endpoint.endpoint, .strong),
        "\(Quantity.count(endpoint.matchedTokens))",
        "\(Quantity.share(endpoint.matchedTokens, of: answer.promptTokens))",
      ]
      row += tiers.map { "\(Quantity.count(endpoint.tiers[$0] ?? 0))" }
      row.append("\(Quantity.count(endpoint.reservedTokens))")
      if isPicking {
        row += [
          "\(Quantity.count(endpoint.prediction?.tokens))",
          "\(endpoint.prediction?.basis ?? Quantity.unknown)", total(endpoint),
        ]
      }
      table.add(row + [TrustText.text(endpoint.trust), trustReason(endpoint)])
    }
    return table
  }

  private static func total(_ endpoint: ExplainAnswer.Endpoint) -> StyledText {
    if let filter = endpoint.filteredBy { return StyledText("left out by \(filter)", .doubtful) }
    return "\(weighted(endpoint.scoreTotal))"
  }

  private static func trustReason(_ endpoint: ExplainAnswer.Endpoint) -> StyledText {
    guard let reason = endpoint.reason else { return "" }
    let since = endpoint.trustSinceS.map { " (for \(Quantity.seconds($0)))" } ?? ""
    return TrustText.reason(reason + since)
  }

  private static func missing(_ answer: ExplainAnswer) -> TextTable {
    var table = TextTable([
      "ENDPOINT", .number("FIRST MISSING"), .number("FROM TOKEN"), "CAUSE", .number("AGO"), "",
    ])
    for endpoint in answer.endpoints {
      guard let missing = endpoint.missing else { continue }
      table.add([
        StyledText(endpoint.endpoint, .strong), "block \(Quantity.count(missing.block))",
        "\(Quantity.count(missing.token))",
        StyledText(missing.cause.replacing("_", with: " "), .doubtful),
        ago(missing), StyledText(missing.sentence, .faint),
      ])
    }
    return table
  }

  /// When it happened; what never happened has no time.
  private static func ago(_ missing: ExplainAnswer.Missing) -> StyledText {
    "\(Quantity.seconds(missing.cause == "never_stored" ? nil : missing.agoS))"
  }

  /// What each scorer adds, weights included.
  private static func scores(_ answer: ExplainAnswer) -> TextTable {
    var scorers: [String] = []
    for score in answer.endpoints.flatMap(\.scores) where !scorers.contains(score.scorer) {
      scorers.append(score.scorer)
    }
    var table = TextTable(["SCORE OF"] + scorers.map { .number($0) } + [.number("SUM")])
    guard !scorers.isEmpty else { return table }
    for endpoint in answer.endpoints where !endpoint.scores.isEmpty {
      let parts = scorers.map { name -> StyledText in
        let score = endpoint.scores.first { $0.scorer == name }
        return "\(weighted(score.map { $0.score * $0.weight }))"
      }
      table.add(
        [StyledText(endpoint.endpoint, .strong)] + parts + ["\(weighted(endpoint.scoreTotal))"])
    }
    return table
  }

  private static func weighted(_ score: Double?) -> String {
    score.map { Quantity.fixed($0, digits: 3) } ?? Quantity.unknown
  }
}

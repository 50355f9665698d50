/// Recent picks, one a line: what was predicted, what was delivered, and what was given away.
enum DecisionsView {
  typealias Decision = DecisionsAnswer.Decision

  private static let columns: [TextTable.Column] = [
    .number("ID"), .number("TIME"), "MODEL", "ENDPOINT", "STATUS", .number("PROMPT"),
    .number("PREDICTED"), .number("DELIVERED"), .number("ERROR"), .number("REGRET"),
    .number("TTFT"), "BASIS", "",
  ]

  /// The oldest first, with a summary.
  static func lines(_ decisions: [Decision]) -> [StyledText] {
    guard !decisions.isEmpty else {
      return [StyledText("No decision is remembered that fits.", .faint)]
    }
    return table(decisions).lines + [""] + summary(decisions)
  }

  static func table(_ decisions: [Decision]) -> TextTable {
    var table = TextTable(columns)
    for decision in decisions { table.add(row(decision)) }
    return table
  }

  static func row(_ decision: Decision) -> [StyledText] {
    let error = error(of: decision)
    return [
      StyledText("\(decision.id)", .faint), "\(Quantity.timeOfDay(decision.time))",
      "\(decision.model.isEmpty ? Quantity.unknown : decision.model)",
      StyledText(decision.endpoint ?? Quantity.unknown, .strong), status(decision.status),
      "\(Quantity.count(decision.promptTokens))", "\(Quantity.count(decision.predictedTokens))",
      "\(Quantity.count(decision.deliveredTokens))",
      StyledText(Quantity.difference(error), error.map { $0 == 0 ? .good : .bad } ?? .plain),
      regret(decision),
      "\(Quantity.seconds(decision.ttftMs.map { $0 / 1000 }))",
      "\(decision.basis ?? Quantity.unknown)", StyledText(remark(decision), .faint),
    ]
  }

  /// Delivered less predicted; nil while one of them is not known.
  private static func error(of decision: Decision) -> Int? {
    guard let predicted = decision.predictedTokens, let delivered = decision.deliveredTokens
    else { return nil }
    return delivered - predicted
  }

  private static func status(_ status: String) -> StyledText {
    switch status {
    case "completed": StyledText(status, .good)
    case "failed", "refused": StyledText(status, .bad)
    case "aborted": StyledText(status, .doubtful)
    default: StyledText(status, .faint)
    }
  }

  private static func regret(_ decision: Decision) -> StyledText {
    StyledText(
      Quantity.count(decision.regretTokens),
      decision.regretTokens ?? 0 > 0 ? .doubtful : .plain)
  }

  /// Why the prediction was wrong, and who would have been better.
  private static func remark(_ decision: Decision) -> String {
    var remarks: [String] = []
    if let cause = decision.errorCause { remarks.append(cause.replacing("_", with: " ")) }
    if decision.regretTokens ?? 0 > 0, let best = decision.bestEndpoint {
      remarks.append("\(best) held more")
    }
    return remarks.joined(separator: "; ")
  }

  private static func summary(_ decisions: [Decision]) -> [StyledText] {
    let answered = decisions.filter { error(of: $0) != nil }
    func sum(_ value: (Decision) -> Int?) -> Int {
      answered.reduce(0) { $0 + (value($1) ?? 0) }
    }
    let equal = answered.count { error(of: $0) == 0 }
    let delivered = sum(\.deliveredTokens)
    var lines: [StyledText] = [
      "\(Quantity.count(decisions.count)) decisions, \(Quantity.count(answered.count)) answered"
    ]
    guard !answered.isEmpty else { return lines }
    lines.append(
      "\(Quantity.count(equal)) of \(Quantity.count(answered.count)) predictions equal; "
        + "\(Quantity.count(sum(\.predictedTokens))) tokens predicted, "
        + "\(Quantity.count(delivered)) delivered, "
        + "\(Quantity.share(delivered, of: sum(\.promptTokens))) of the prompts")
    let regret = decisions.compactMap(\.regretTokens).reduce(0, +)
    lines.append("regret \(Quantity.count(regret)) tokens")
    return lines
  }
}

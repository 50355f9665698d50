import Service

/// `kvindexer score`: what each endpoint holds of a prompt.
enum ScoreCommand: Command {
  static let help = """
    usage: kvindexer score \(PromptOptions.usage) [OPTIONS]

    \(PromptOptions.help)
    \(ServiceLocation.help)
    """

  private struct Answer: Decodable {
    struct Endpoint: Decodable {
      var endpoint: String
      var blockSize: Int?
      var matchedTokens: Int
      var tiers: [String: Int]
      var reservedTokens: Int
      var score: Double
      var trust: String
      var reason: String?
    }
    struct Took: Decodable {
      var render: Int
      var total: Int
    }
    var model: String
    var promptTokens: Int
    var tokensFrom: String
    var reason: String?
    var endpoints: [Endpoint]
    var tookUs: Took
  }

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let location = try ServiceLocation(&arguments)
    let body = try PromptOptions(&arguments).body
    let reply = try location.ask("/v1/score", body: body)
    if location.isJSON {
      print(String(decoding: reply, as: UTF8.self))
      return 0
    }
    Screen.standardOutput.print(lines(try location.read(Answer.self, from: reply)))
    return 0
  }

  // MARK: The answer

  private static func lines(_ answer: Answer) -> [StyledText] {
    let tiers = ["gpu", "cpu", "disk", "remote"].filter { tier in
      tier == "gpu" || answer.endpoints.contains { $0.tiers[tier] != nil }
    }
    var table = TextTable(
      ["ENDPOINT", .number("MATCHED")] + tiers.map { .number($0.uppercased()) }
        + [.number("RESERVED"), .number("SCORE"), "TRUST", ""])
    for endpoint in answer.endpoints {
      table.add(
        [StyledText(endpoint.endpoint, .strong), "\(Quantity.count(endpoint.matchedTokens))"]
          + tiers.map { "\(Quantity.count(endpoint.tiers[$0] ?? 0))" }
          + [
            "\(Quantity.count(endpoint.reservedTokens))",
            "\(Quantity.fixed(endpoint.score, digits: 3))", TrustText.text(endpoint.trust),
            StyledText(explanation(endpoint, of: answer), .faint),
          ])
    }
    return heading(answer) + [""] + table.lines
  }

  private static func heading(_ answer: Answer) -> [StyledText] {
    let source =
      switch answer.tokensFrom {
      case "given": "as given"
      case "rendered": "rendered in \(answer.tookUs.render) us"
      case "cached": "rendered before"
      default: "an estimate"
      }
    let model = answer.model.isEmpty ? StyledText("") : StyledText(answer.model + ": ", .strong)
    let facts: StyledText =
      "\(Quantity.count(answer.promptTokens)) prompt tokens, \(source); \(answer.tookUs.total) us"
    return [model + facts] + (answer.reason.map { [StyledText($0, .doubtful)] } ?? [])
  }

  /// Why the rest of the prompt is not there.
  private static func explanation(_ endpoint: Answer.Endpoint, of answer: Answer) -> String {
    if let reason = endpoint.reason { return reason }
    guard answer.tokensFrom != "estimated", let size = endpoint.blockSize else { return "" }
    // An engine computes at least the last token itself.
    let usable = max(answer.promptTokens - 1, 0) / size * size
    if usable == 0 { return "shorter than a block of \(size) tokens" }
    if endpoint.matchedTokens >= usable { return "all full blocks are there" }
    let next = endpoint.matchedTokens
    return "block \(next / size) (tokens \(next)-\(next + size - 1)) is not there"
  }
}

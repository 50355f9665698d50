/// Endpoints, one a line: trust, what they hold of what fits, and how fast that changes.
enum EndpointsView {
  private static let barColumns = 16

  static func lines(_ answer: ResidencyAnswer) -> [StyledText] {
    guard !answer.endpoints.isEmpty else {
      return [StyledText("No endpoint is followed that fits.", .doubtful)]
    }
    var table = TextTable([
      "ENDPOINT", "MODEL", "TRUST", "CACHE", .number("BLOCKS"), .number("OF"), .number("FULL"),
      .number("SHARED"), .number("AGE"), .number("STORED/s"), .number("REMOVED/s"),
      .number("TURNOVER"), "",
    ])
    for endpoint in answer.endpoints {
      table.add([
        StyledText(endpoint.endpoint, .strong),
        "\(endpoint.model ?? Quantity.unknown)",
        TrustText.text(endpoint.trust),
        StyledText(
          Quantity.bar(endpoint.blocks, of: endpoint.capacityBlocks, columns: barColumns), .accent),
        "\(Quantity.count(endpoint.blocks))",
        "\(Quantity.count(endpoint.capacityBlocks))",
        "\(Quantity.share(endpoint.blocks, of: endpoint.capacityBlocks))",
        "\(Quantity.share(endpoint.sharedBlocks, of: endpoint.blocks))",
        "\(Quantity.seconds(endpoint.ageS))",
        "\(Quantity.decimal(endpoint.storedPerS))",
        "\(Quantity.decimal(endpoint.removedPerS))",
        "\(Quantity.seconds(endpoint.turnoverS))",
        TrustText.reason(endpoint.reason),
      ])
    }
    return [summary(answer.endpoints), ""] + table.lines + PartialNote.lines(answer.partial)
  }

  private static func summary(_ endpoints: [ResidencyAnswer.Endpoint]) -> StyledText {
    let exact = endpoints.count { $0.trust == "exact" }
    func sum(_ value: (ResidencyAnswer.Endpoint) -> Int) -> String {
      Quantity.count(endpoints.reduce(0) { $0 + value($1) })
    }
    let noun = endpoints.count == 1 ? "endpoint" : "endpoints"
    return "\(Quantity.count(endpoints.count)) \(noun), "
      + StyledText(
        "\(Quantity.count(exact)) exact", exact == endpoints.count ? .good : .doubtful)
      + "; \(sum(\.blocks)) blocks, \(sum(\.tokens)) tokens"
  }
}

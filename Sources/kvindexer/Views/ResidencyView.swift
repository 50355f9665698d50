/// What is resident where: endpoints by tier, and the namespaces that blocks belong to.
enum ResidencyView {
  private static let barColumns = 16

  static func lines(_ answer: ResidencyAnswer) -> [StyledText] {
    guard !answer.endpoints.isEmpty else {
      return [StyledText("No endpoint is followed that fits.", .doubtful)]
    }
    return tiers(answer).lines + [""] + namespaces(answer) + PartialNote.lines(answer.partial)
  }

  private static func tiers(_ answer: ResidencyAnswer) -> TextTable {
    var table = TextTable([
      "ENDPOINT", .number("RANK"), "TIER", "CACHE", .number("BLOCKS"), .number("OF"),
      .number("FULL"), .number("TOKENS"), .number("BYTES"), .number("SHARED"), .number("AGE"),
      .number("OLDEST"), "TRUST", "",
    ])
    for endpoint in answer.endpoints {
      // Ranks are worth a line each only where there are several.
      if endpoint.ranks.count > 1 {
        for rank in endpoint.ranks {
          for tier in rank.tiers {
            table.add(
              row(endpoint, "\(rank.rank)", tier, trust: rank.trust, reason: rank.reason))
          }
        }
      } else {
        for tier in endpoint.tiers {
          table.add(row(endpoint, "", tier, trust: endpoint.trust, reason: endpoint.reason))
        }
      }
    }
    return table
  }

  private static func row(
    _ endpoint: ResidencyAnswer.Endpoint, _ rank: String, _ tier: ResidencyAnswer.TierShare,
    trust: String, reason: String?
  ) -> [StyledText] {
    [
      StyledText(endpoint.endpoint, .strong), "\(rank)", "\(tier.tier)",
      StyledText(
        Quantity.bar(tier.blocks, of: tier.capacityBlocks, columns: barColumns), .accent),
      "\(Quantity.count(tier.blocks))", "\(Quantity.count(tier.capacityBlocks))",
      "\(Quantity.share(tier.blocks, of: tier.capacityBlocks))",
      "\(Quantity.count(tier.tokens))", "\(Quantity.bytes(tier.bytes))",
      "\(Quantity.share(tier.sharedBlocks, of: tier.blocks))",
      "\(Quantity.seconds(endpoint.ageS))", "\(Quantity.seconds(endpoint.oldestS))",
      TrustText.text(trust), TrustText.reason(reason),
    ]
  }

  private static func namespaces(_ answer: ResidencyAnswer) -> [StyledText] {
    guard !answer.namespaces.isEmpty else { return [StyledText("Nothing is resident.", .faint)] }
    var table = TextTable([
      "NAMESPACE", "MODEL", "LORA", "SALT", .number("BLOCK"), .number("BLOCKS"),
      .number("HOLDERS"),
    ])
    for namespace in answer.namespaces {
      table.add([
        StyledText(namespace.namespace, .accent),
        "\(namespace.model ?? Quantity.unknown)",
        "\(namespace.lora ?? Quantity.unknown)", "\(namespace.salted ? "salted" : "none")",
        "\(Quantity.count(namespace.blockSize))", "\(Quantity.count(namespace.blocks))",
        "\(Quantity.count(namespace.holders))",
      ])
    }
    return table.lines
  }
}

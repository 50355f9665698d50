/// Event sources, one a line; what is to be said of one stands below all of them.
enum SourcesView {
  static func lines(_ answer: SourcesAnswer) -> [StyledText] {
    guard !answer.sources.isEmpty else {
      return [StyledText("No event source is followed.", .doubtful)]
    }
    var table = TextTable([
      .number("ID"), "SOURCE", "TRUST", .number("BLOCK"), .number("RESIDENT"),
      .number("STORED"), .number("REMOVED"), .number("SEQUENCE"), .number("GAPS"),
      .number("LIFE"),
    ])
    for source in answer.sources {
      table.add([
        StyledText("\(source.source)", .accent), StyledText(source.name, .strong),
        TrustText.text(source.trust), "\(Quantity.count(source.blockSize))",
        "\(Quantity.count(source.residencies))", "\(Quantity.count(source.counters.storedBlocks))",
        "\(Quantity.count(source.counters.removedBlocks))",
        "\(Quantity.count(source.stream.lastSequence))", "\(Quantity.count(source.stream.gaps))",
        "\(source.incarnation)",
      ])
    }
    return table.lines + answer.sources.flatMap(remarks)
  }

  private static func remarks(_ source: SourcesAnswer.Source) -> [StyledText] {
    let texts = [source.reason, source.warning].compactMap(\.self)
    guard !texts.isEmpty else { return [] }
    let name: StyledText =
      StyledText("\(source.source)", .accent) + " "
      + StyledText(source.name, .strong)
      + StyledText(", events at \(source.stream.endpoint)", .faint)
    return ["", name] + texts.flatMap { StyledText.wrapped($0, "  ") }
  }
}

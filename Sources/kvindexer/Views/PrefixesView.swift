/// The prefixes that are worth most, as a list or as a tree.
enum PrefixesView {
  private static let holdersShown = 4

  /// A run with those of its children that were asked for.
  struct Branch {
    var prefix: PrefixesAnswer.Prefix
    var children: [Branch] = []
  }

  static func lines(
    _ branches: [Branch], total: Int?, isPartial: Bool? = nil
  ) -> [StyledText] {
    guard !branches.isEmpty else { return [StyledText("No prefix is resident that fits.", .faint)] }
    var table = TextTable([
      "PREFIX", .number("FROM BLOCK"), .number("BLOCKS"), .number("TOKENS TO ITS END"),
      .number("VALUE"), .number("READS"), .number("LAST HIT"), .number("HOLDERS"), "HELD BY",
    ])
    for branch in branches { add(branch, stem: "", below: "", to: &table) }
    let more = (total ?? 0) - branches.count
    return table.lines
      + (more > 0 ? [StyledText("… \(Quantity.count(more)) more; --limit shows them", .faint)] : [])
      + PartialNote.lines(isPartial)
  }

  /// - Parameters:
  ///   - stem: The lines of the tree that lead to the branch.
  ///   - below: Those that lead past it to its children.
  private static func add(
    _ branch: Branch, stem: String, below: String, to table: inout TextTable
  ) {
    table.add(row(branch.prefix, stem))
    let hidden = branch.children.isEmpty ? 0 : branch.prefix.children - branch.children.count
    for (index, child) in branch.children.enumerated() {
      let isLast = hidden == 0 && index == branch.children.count - 1
      add(
        child, stem: below + (isLast ? "└─ " : "├─ "), below: below + (isLast ? "   " : "│  "),
        to: &table)
    }
    guard hidden > 0 else { return }
    table.add(
      [StyledText(below + "└─ … \(Quantity.count(hidden)) more", .faint)]
        + Array(repeating: "", count: 8))
  }

  private static func row(_ prefix: PrefixesAnswer.Prefix, _ stem: String) -> [StyledText] {
    var names = prefix.holders.prefix(holdersShown).map(\.endpoint)
    let more = prefix.holderCount - names.count
    if more > 0 { names.append("and \(Quantity.count(more)) more") }
    return [
      StyledText(stem, .faint) + StyledText(prefix.id, .accent),
      "\(Quantity.count(prefix.firstBlock))", "\(Quantity.count(prefix.blocks))",
      "\(Quantity.count(prefix.depthTokens))", "\(Quantity.count(Int(prefix.value)))",
      "\(Quantity.count(prefix.reads))", "\(Quantity.seconds(prefix.lastHitS))",
      "\(Quantity.count(prefix.holderCount))", "\(names.joined(separator: ", "))",
    ]
  }
}

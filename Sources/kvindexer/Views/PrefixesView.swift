/// The prefixes that are worth most, as a list or as a tree.
enum PrefixesView {
  private static let holdersShown = 4

  /// A run with those of its children that were asked for.
  struct Branch {
    var prefix: PrefixesAnswer.Prefix
    var children: [Branch] = []
  }

  static func lines(_ branches: [Branch], total: Int?) -> [StyledText] {
    guard !branches.isEmpty else { return [StyledText("No prefix is resident that fits.", .faint)] }
    var table = TextTable([
      "PREFIX", .number("FROM BLOCK"), .number("BLOCKS"), .number("TOKENS TO ITS END"),
      .number("VALUE"), .number("READS"), .number("LAST HIT"), .number("HOLDERS"), "HELD BY",
    ])
    add(branches, indentedBy: [], to: &table, isRoot: true)
    let more = (total ?? 0) - branches.count
    return table.lines
      + (more > 0 ? [StyledText("… \(Quantity.count(more)) more; --limit shows them", .faint)] : [])
  }

  private static func add(
    _ branches: [Branch], indentedBy indentation: [String], to table: inout TextTable, isRoot: Bool
  ) {
    for (index, branch) in branches.enumerated() {
      let hidden = branch.prefix.children - branch.children.count
      let isLast = index == branches.count - 1 && (isRoot || hidden >= 0)
      let stem = isRoot ? "" : indentation.joined() + (isLast ? "└─ " : "├─ ")
      table.add(row(branch.prefix, stem))
      let below = isRoot ? [] : indentation + [isLast ? "   " : "│  "]
      add(branch.children, indentedBy: below, to: &table, isRoot: false)
      if hidden > 0, !branch.children.isEmpty {
        table.add(
          [StyledText(below.joined() + "   … \(Quantity.count(hidden)) more", .faint)]
            + Array(repeating: "", count: 8))
      }
    }
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

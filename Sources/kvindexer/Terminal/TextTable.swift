/// Columns that line up: words on the left, numbers on the right.
struct TextTable {
  struct Column: ExpressibleByStringLiteral {
    var title: String
    var isNumber = false

    init(stringLiteral title: String) { self.title = title }

    /// A column of numbers.
    static func number(_ title: String) -> Column {
      var column = Column(stringLiteral: title)
      column.isNumber = true
      return column
    }
  }

  private let columns: [Column]
  private var widths: [Int]
  private var rows: [[StyledText]] = []

  init(_ columns: [Column]) {
    self.columns = columns
    widths = columns.map(\.title.count)
  }

  var isEmpty: Bool { rows.isEmpty }

  mutating func add(_ row: [StyledText]) {
    widen(for: row)
    rows.append(row)
  }

  /// A row that lines up with those before, without being kept.
  mutating func line(for row: [StyledText]) -> StyledText {
    widen(for: row)
    return line(row)
  }

  /// The heading and the rows.
  var lines: [StyledText] {
    [line(columns.map { StyledText($0.title, .faint) })] + rows.map(line)
  }

  private mutating func widen(for row: [StyledText]) {
    for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.width) }
  }

  private func line(_ row: [StyledText]) -> StyledText {
    var line = StyledText("")
    for (index, cell) in row.enumerated() {
      let padding = StyledText(String(repeating: " ", count: widths[index] - cell.width))
      if index > 0 { line += "  " }
      line += columns[index].isNumber ? padding + cell : cell + padding
    }
    return line.trimmed
  }
}

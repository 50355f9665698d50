extension StyledText {
  /// What sentences may take: a terminal of 100 columns shows them without breaking a line.
  private static let columnsMax = 96

  /// Words in lines below each other; the first line begins with `lead`, the others below it.
  static func wrapped(
    _ text: String, _ lead: String, _ style: TextStyle = .plain
  ) -> [StyledText] {
    var lines: [String] = []
    var line = lead
    var isEmpty = true
    for word in text.split(separator: " ") {
      if !isEmpty, line.count + 1 + word.count > columnsMax {
        lines.append(line)
        line = String(repeating: " ", count: lead.count)
        isEmpty = true
      }
      line += isEmpty ? String(word) : " " + word
      isEmpty = false
    }
    return (lines + [line]).map { StyledText($0, style) }
  }
}

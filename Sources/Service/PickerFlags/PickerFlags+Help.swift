extension PickerFlags {
  private static let columns = 100
  private static let indentation = 29

  /// What every flag means, by groups.
  package static var help: String {
    PickerFlag.Group.allCases.map { group in
      let lines = PickerFlag.all.filter { $0.group == group }.flatMap(lines)
      return ([group.rawValue] + lines).joined(separator: "\n")
    }.joined(separator: "\n\n")
  }

  private static func lines(of flag: PickerFlag) -> [String] {
    let spelling = "  --\(flag.name)" + (flag.argument.map { "=\($0)" } ?? "")
    var lines: [String] = []
    // Where the name leaves no room, the text begins on the next line.
    var line = spelling
    if spelling.count >= indentation - 1 {
      lines.append(spelling)
      line = ""
    }
    line += String(repeating: " ", count: indentation - line.count)
    var isFirst = true
    for word in flag.help.split(separator: " ") {
      if !isFirst, line.count + 1 + word.count > columns {
        lines.append(line)
        line = String(repeating: " ", count: indentation)
        isFirst = true
      }
      line += (isFirst ? "" : " ") + word
      isFirst = false
    }
    return lines + [line]
  }
}

import EPPScorer

extension MetricSpec {
  /// Reads a series as Prometheus selectors name one: `name` or `name{label="value",…}`; nil when
  /// it is none.
  init?(text: String) {
    let text = text.filter { $0 != "\n" && $0 != "\t" }
    guard let brace = text.firstIndex(of: "{") else {
      guard Self.isName(text) else { return nil }
      self.init(text)
      return
    }
    let name = Self.trimmed(text[..<brace])
    guard Self.isName(name), Self.trimmed(text[brace...]).hasSuffix("}") else { return nil }
    var rest = Self.trimmed(text[text.index(after: brace)...]).dropLast()
    var labels: [Label] = []
    while true {
      rest = rest.drop { $0 == " " }
      if rest.isEmpty { break }
      guard let equals = rest.firstIndex(of: "=") else { return nil }
      let label = Self.trimmed(rest[..<equals])
      rest = rest[rest.index(after: equals)...].drop { $0 == " " }
      guard Self.isName(label), rest.popFirst() == "\"", let value = Self.value(&rest) else {
        return nil
      }
      labels.append(Label(name: String(label), value: value))
      rest = rest.drop { $0 == " " }
      guard rest.isEmpty || rest.popFirst() == "," else { return nil }
    }
    self.init(String(name), labels)
  }

  /// Takes a value up to its closing quote.
  private static func value(_ rest: inout Substring) -> String? {
    var value = ""
    while let character = rest.popFirst() {
      switch character {
      case "\"": return value
      case "\\":
        switch rest.popFirst() {
        case "n": value.append("\n")
        case "\\": value.append("\\")
        case "\"": value.append("\"")
        default: return nil
        }
      default: value.append(character)
      }
    }
    return nil
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return text
  }

  private static func isName(_ text: some StringProtocol) -> Bool {
    guard let first = text.first, !first.isNumber else { return false }
    return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
  }
}

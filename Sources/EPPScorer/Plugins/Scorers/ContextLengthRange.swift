/// Lengths of prompts that an endpoint is meant for, in tokens; both ends belong to it.
struct ContextLengthRange {
  private var least: Int
  private var most: Int

  /// Reads `min-max`; nil where that is not what the label says.
  init?(_ label: String) {
    guard let dash = label.firstIndex(of: "-"),
      let least = Self.number(label[..<dash]),
      let most = Self.number(label[label.index(after: dash)...]),
      least <= most
    else { return nil }
    self.least = least
    self.most = most
  }

  /// A number of decimal digits, with blanks around it.
  private static func number(_ text: Substring) -> Int? {
    var text = text
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    guard text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return Int(text)
  }

  func contains(_ tokens: Int) -> Bool { (least...most).contains(tokens) }

  /// 0.3 to 1 inside, more the narrower the range and the more room is left; less than 0.3 outside,
  /// falling with the distance.
  func score(_ tokens: Int) -> Double {
    guard contains(tokens) else {
      let distance = tokens > most ? tokens - most : least - tokens
      return 0.3 / (1 + Double(distance) / 1000)
    }
    guard least < most else { return 1 }
    let width = Double(most - least)
    let room = Double(most - tokens) / width
    return 0.3 + 0.7 * (0.7 / (1 + width / 10_000) + 0.3 * room)
  }
}

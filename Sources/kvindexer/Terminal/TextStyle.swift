/// How a piece of text stands out on a terminal; colour never says what the words do not.
enum TextStyle: Sendable {
  case plain, strong, faint, good, doubtful, bad, accent

  /// The parameter of the terminal's escape; nil for none.
  var code: String? {
    switch self {
    case .plain: nil
    case .strong: "1"
    case .faint: "2"
    case .bad: "31"
    case .good: "32"
    case .doubtful: "33"
    case .accent: "36"
    }
  }
}

/// One line of text whose pieces may have styles.
struct StyledText: ExpressibleByStringInterpolation, Equatable, Sendable {
  private struct Piece: Equatable, Sendable {
    var text: String
    var style: TextStyle
  }

  private var pieces: [Piece] = []

  init(_ text: String, _ style: TextStyle = .plain) {
    if !text.isEmpty { pieces = [Piece(text: text, style: style)] }
  }

  init(stringLiteral text: String) { self.init(text) }

  /// Columns that it takes.
  var width: Int { pieces.reduce(0) { $0 + $1.text.count } }

  /// The words alone.
  var plain: String { pieces.map(\.text).joined() }

  static func + (a: StyledText, b: StyledText) -> StyledText {
    var sum = a
    sum.pieces += b.pieces
    return sum
  }

  static func += (a: inout StyledText, b: StyledText) { a = a + b }

  /// At most so many columns; what is cut off leaves an ellipsis.
  func cut(to width: Int) -> StyledText {
    guard self.width > width, width > 0 else { return self }
    var rest = width - 1
    var cut = StyledText("")
    for piece in pieces where rest > 0 {
      cut += StyledText(String(piece.text.prefix(rest)), piece.style)
      rest -= min(piece.text.count, rest)
    }
    return cut + StyledText("…")
  }

  /// Without spaces at the end.
  var trimmed: StyledText {
    var result = self
    while var last = result.pieces.popLast() {
      while last.text.hasSuffix(" ") { last.text.removeLast() }
      if !last.text.isEmpty {
        result.pieces.append(last)
        break
      }
    }
    return result
  }

  /// The text with the terminal's escapes, or without them.
  func written(isColoured: Bool) -> String {
    guard isColoured else { return plain }
    return pieces.map { piece in
      piece.style.code.map { "\u{1b}[\($0)m\(piece.text)\u{1b}[0m" } ?? piece.text
    }.joined()
  }
}

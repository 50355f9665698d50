/// What an expression of PromQL names: series with their matchers, and labels to group by.
struct PromQL {
  struct Matcher: Equatable {
    var label: String
    var comparison: String
    var value: String

    /// The values that have to be there; none where a variable of a dashboard stands for them.
    var values: [String] {
      guard !value.contains("$") else { return [] }
      return comparison.hasSuffix("~") ? value.split(separator: "|").map(String.init) : [value]
    }
  }

  struct Selector: Equatable {
    var name: String
    var matchers: [Matcher] = []
  }

  struct Fault: Error {
    var text: String
  }

  private(set) var selectors: [Selector] = []
  /// Of `by`, `without`, `on`, `ignoring`, `group_left`, `group_right`.
  private(set) var labels: [String] = []
  private(set) var functions: [String] = []

  private static let groupings: Set = [
    "by", "without", "on", "ignoring", "group_left", "group_right",
  ]
  private static let operators: Set = ["and", "or", "unless", "bool", "offset", "atan2"]
  private static let aggregations: Set = [
    "sum", "min", "max", "avg", "count", "group", "stddev", "topk", "bottomk", "quantile",
  ]

  init(_ text: String) throws {
    var tokens = try Self.tokens(of: text)[...]
    var depth = 0
    while let token = tokens.popFirst() {
      switch token {
      case .word(let word) where Self.groupings.contains(word):
        guard tokens.first == .sign("(") else { continue }
        labels += try Self.list(&tokens, text)
      case .word(let word) where Self.operators.contains(word): continue
      case .word(let word) where tokens.first == .sign("(") || Self.aggregations.contains(word):
        functions.append(word)
      case .word(let word):
        var selector = Selector(name: word)
        if tokens.first == .sign("{") { selector.matchers = try Self.matchers(&tokens, text) }
        selectors.append(selector)
      case .sign("("): depth += 1
      case .sign(")"): depth -= 1
      default: continue
      }
    }
    guard depth == 0, !selectors.isEmpty else { throw Fault(text: text) }
  }

  // MARK: Reading

  private enum Token: Equatable {
    case word(String)
    case string(String)
    case sign(String)
    /// A number, a duration or a variable.
    case other
  }

  private static func tokens(of text: String) throws -> [Token] {
    var tokens: [Token] = []
    var rest = text[...]
    func isName(_ character: Character) -> Bool {
      character.isASCII && (character.isLetter || character.isNumber || "_:".contains(character))
    }
    while let character = rest.first {
      if character.isWhitespace {
        rest.removeFirst()
      } else if character == "\"" {
        rest.removeFirst()
        guard let end = rest.firstIndex(of: "\"") else { throw Fault(text: text) }
        tokens.append(.string(String(rest[..<end])))
        rest = rest[rest.index(after: end)...]
      } else if character == "$" || character.isNumber {
        rest.removeFirst()
        rest = rest.drop { isName($0) || $0 == "." }
        tokens.append(.other)
      } else if isName(character) {
        let word = rest.prefix(while: isName)
        tokens.append(.word(String(word)))
        rest = rest[word.endIndex...]
      } else if let sign = ["=~", "!~", "!=", "==", ">=", "<="].first(where: rest.hasPrefix) {
        tokens.append(.sign(sign))
        rest.removeFirst(2)
      } else {
        tokens.append(.sign(String(rest.removeFirst())))
      }
    }
    return tokens
  }

  private static func list(_ tokens: inout ArraySlice<Token>, _ text: String) throws -> [String] {
    var words: [String] = []
    while let token = tokens.popFirst() {
      if case .word(let word) = token { words.append(word) }
      if token == .sign(")") { return words }
    }
    throw Fault(text: text)
  }

  private static func matchers(
    _ tokens: inout ArraySlice<Token>, _ text: String
  ) throws -> [Matcher] {
    tokens.removeFirst()
    var matchers: [Matcher] = []
    while true {
      guard case .word(let label)? = tokens.popFirst(), case .sign(let sign)? = tokens.popFirst(),
        case .string(let value)? = tokens.popFirst()
      else { throw Fault(text: text) }
      matchers.append(Matcher(label: label, comparison: sign, value: value))
      let next = tokens.popFirst()
      if next == .sign("}") { return matchers }
      guard next == .sign(",") else { throw Fault(text: text) }
    }
  }
}

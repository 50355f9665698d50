internal import Tokenize

extension PickerFlags {
  /// Reads the words of a command line in the syntax of Go's `pflag`.
  ///
  /// `--name=value`, `--name value`, and `--name` for a switch; of flags given twice the last
  /// counts.
  package init(parsing words: [String]) throws(PickerFlagError) {
    var values = PickerFlagValues()
    var rest = words[...]
    var lastSwitch: String?
    while let word = rest.popFirst() {
      guard word.hasPrefix("-"), word.count > 1, word != "--" else {
        throw Self.unexpected(word, after: lastSwitch)
      }
      let (name, attached) = Self.parts(of: word)
      guard let flag = PickerFlag.all.first(where: { $0.name == name }) else {
        throw Self.unknown(word, name)
      }
      lastSwitch = flag.argument == nil && attached == nil ? name : nil
      guard let value = attached ?? (flag.argument == nil ? "true" : rest.popFirst()) else {
        throw PickerFlagError("--\(name) needs a value")
      }
      try flag.take(value, &values)
    }
    self = try values.checked()
  }

  /// A word's flag and the value that comes with it; `-v` is the one flag with a short form.
  private static func parts(of word: String) -> (name: String, value: String?) {
    if word.hasPrefix("-v"), word != "-version" {
      let value = word.dropFirst(2)
      return ("v", value.isEmpty ? nil : String(value.first == "=" ? value.dropFirst() : value))
    }
    let long = word.hasPrefix("--") ? word.dropFirst(2) : word[...]
    guard let equals = long.firstIndex(of: "=") else { return (String(long), nil) }
    return (String(long[..<equals]), String(long[long.index(after: equals)...]))
  }

  private static func unexpected(_ word: String, after name: String?) -> PickerFlagError {
    guard let name, word == "true" || word == "false" else {
      return PickerFlagError("unexpected '\(word)': epp takes flags only")
    }
    return PickerFlagError("unexpected '\(word)': a switch is set as --\(name)=\(word)")
  }

  private static func unknown(_ word: String, _ name: String) -> PickerFlagError {
    let bare = String(name.drop { $0 == "-" })
    let nearest = nearestName(to: bare, among: PickerFlag.all.map(\.name))
    return PickerFlagError(
      "unknown flag \(word)" + (nearest.map { "; did you mean --\($0)?" } ?? ""))
  }
}

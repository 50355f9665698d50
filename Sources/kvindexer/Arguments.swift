import Tokenize

/// What is wrong with a command line; printed with a pointer to the help.
struct UsageError: Error {
  var message: String
}

/// The words after a command, read option by option; whatever is left over is an error.
struct Arguments {
  private var words: [String]
  private var known: [String] = []

  init(_ words: [String]) {
    // `--name=value` is `--name value`.
    self.words = words.flatMap { word -> [String] in
      guard word.hasPrefix("--"), let equals = word.firstIndex(of: "=") else { return [word] }
      return [String(word[..<equals]), String(word[word.index(after: equals)...])]
    }
  }

  /// Whether a switch is there.
  mutating func flag(_ name: String) -> Bool {
    known.append(name)
    guard let index = words.firstIndex(of: name) else { return false }
    words.remove(at: index)
    return true
  }

  /// The value of an option; the last one wins.
  mutating func option(_ name: String) throws(UsageError) -> String? { try options(name).last }

  /// The values of an option that may be repeated.
  mutating func options(_ name: String) throws(UsageError) -> [String] {
    known.append(name)
    var values: [String] = []
    while let index = words.firstIndex(of: name) {
      guard index + 1 < words.count, !words[index + 1].hasPrefix("--") else {
        throw UsageError(message: "\(name) needs a value")
      }
      values.append(words[index + 1])
      words.removeSubrange(index...index + 1)
    }
    return values
  }

  /// The value of an option as a number in a range.
  mutating func integer(_ name: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
    guard let text = try option(name) else { return nil }
    guard let value = Int(text), range.contains(value) else {
      throw UsageError(
        message: "\(name) takes a number from \(range.lowerBound) to \(range.upperBound), "
          + "not '\(text)'")
    }
    return value
  }

  /// The value of an option that may stand without one: nil when it is not there.
  mutating func optionalInteger(
    _ name: String, in range: ClosedRange<Int>
  ) throws(UsageError) -> Int?? {
    if let index = words.firstIndex(of: name),
      index + 1 == words.count || Int(words[index + 1]) == nil
    {
      known.append(name)
      words.remove(at: index)
      return .some(nil)
    }
    return try integer(name, in: range).map { .some($0) }
  }

  /// The next word that is no option.
  mutating func word(_ name: String) throws(UsageError) -> String {
    guard let index = words.firstIndex(where: { !$0.hasPrefix("--") }) else {
      throw UsageError(message: "\(name) is missing")
    }
    return words.remove(at: index)
  }

  /// The other words, none of which is an option.
  mutating func rest() throws(UsageError) -> [String] {
    let rest = words.filter { !$0.hasPrefix("--") }
    words.removeAll { !$0.hasPrefix("--") }
    try finish()
    return rest
  }

  /// The other words, so many and no option among them.
  mutating func words(_ count: Int) throws(UsageError) -> [String] {
    let words = try rest()
    guard words.count == count else {
      throw UsageError(message: "it takes \(count) words, not \(words.count)")
    }
    return words
  }

  /// Rejects what nobody has asked for.
  func finish() throws(UsageError) {
    guard let word = words.first else { return }
    guard word.hasPrefix("--") else { throw UsageError(message: "unexpected '\(word)'") }
    let nearest = nearestName(to: word, among: known)
    throw UsageError(
      message: "unknown option \(word)" + (nearest.map { "; did you mean \($0)?" } ?? ""))
  }
}

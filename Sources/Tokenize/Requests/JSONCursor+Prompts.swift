extension JSONCursor {
  /// Reads a prompt in any of its shapes; nil for `null`.
  ///
  /// They are a text, texts, token ids, and lists of token ids. As for vLLM, numbers in quotes are
  /// texts if all are in quotes, and token ids otherwise.
  mutating func prompt() throws(JSONError) -> InferenceRequest.Prompt? {
    let start = self
    switch try kind() {
    case .null:
      try skipValue()
      return nil
    case .string:
      guard try rawValue().count > 2 else { throw start.emptyPrompt() }
      return .text(prompts: 1)
    case .array: break
    default: throw wrongType(expected: "a string or an array")
    }
    try beginArray()
    guard try nextElement() else { throw start.emptyPrompt() }
    var count = 0
    repeat {
      guard try kind() == .string else {
        self = start
        return try tokenPrompts(areNested: true)
      }
      try skipValue()
      count += 1
    } while try nextElement()
    return .text(prompts: count)
  }

  /// Reads a prompt of token ids, or, if `areNested`, a list of such prompts too; nil for `null`.
  mutating func tokenPrompts(areNested: Bool) throws(JSONError) -> InferenceRequest.Prompt? {
    if try null() { return nil }
    let start = self
    try beginArray()
    guard try nextElement() else { throw start.emptyPrompt() }
    let isNested = try kind() == .array
    guard areNested, isNested else {
      self = start
      return .tokens([try promptTokens()])
    }
    var prompts: [[UInt32]] = []
    repeat { prompts.append(try promptTokens()) } while try nextElement()
    return .tokens(prompts)
  }

  /// Reads an array of one token id or more.
  private mutating func promptTokens() throws(JSONError) -> [UInt32] {
    skipWhitespace()
    let start = self
    var result: [UInt32] = []
    // An id and its comma take five bytes or so: one allocation for the usual prompt.
    result.reserveCapacity((bytes.count - position) / 5)
    do throws(JSONError) {
      try tokens(into: &result)
    } catch {
      self = start
      result.removeAll(keepingCapacity: true)
      try lenientTokens(into: &result, orElse: error)
    }
    guard !result.isEmpty else { throw start.emptyPrompt() }
    return result
  }

  /// Reads token ids that are integers in any guise.
  ///
  /// - Parameter error: What to throw if one is not.
  private mutating func lenientTokens(
    into tokens: inout [UInt32], orElse error: JSONError
  ) throws(JSONError) {
    do throws(JSONError) {
      try beginArray()
      while try nextElement() {
        guard let value = try lenientInteger(), let token = UInt32(exactly: value) else {
          throw error
        }
        tokens.append(token)
      }
    } catch _ {
      throw error
    }
  }

  private func emptyPrompt() -> JSONError {
    var start = self
    start.skipWhitespace()
    return JSONError(.outOfRange(expected: "a prompt that is not empty"), at: start.position)
  }

  /// Reads vLLM's `features`, in the order of their offsets; none for `null`.
  ///
  /// Hashes and placeholders are listed by modality, and paired by index.
  mutating func promptFeatures() throws(JSONError) -> [PromptFeature] {
    if try null() { return [] }
    skipWhitespace()
    let start = position
    var hashes: [String: [String]] = [:]
    var places: [String: [Placeholders]] = [:]
    try beginObject()
    while let key = try nextKey() {
      if key == "mm_hashes" {
        hashes = try byModality { cursor throws(JSONError) in try cursor.string() }
      } else if key == "mm_placeholders" {
        places = try byModality { cursor throws(JSONError) in try cursor.placeholders() }
      } else {
        try skipValue()
      }
    }
    guard hashes.count == places.count else {
      throw JSONError(.outOfRange(expected: "mm_hashes and mm_placeholders alike"), at: start)
    }
    var features: [PromptFeature] = []
    for (modality, hashes) in hashes {
      guard let places = places[modality], places.count == hashes.count else {
        throw JSONError(
          .outOfRange(expected: "as many mm_placeholders as mm_hashes of \(modality)"), at: start)
      }
      features += zip(hashes, places).map { hash, place in
        PromptFeature(
          modality: modality, hash: hash, offset: place.offset, length: place.length)
      }
    }
    return features.sorted { ($0.offset, $0.hash) < ($1.offset, $1.hash) }
  }

  private typealias Placeholders = (offset: Int, length: Int)

  private mutating func byModality<Value>(
    _ value: (inout JSONCursor) throws(JSONError) -> Value
  ) throws(JSONError) -> [String: [Value]] {
    var result: [String: [Value]] = [:]
    try beginObject()
    while let key = try nextKey() {
      var values: [Value] = []
      try beginArray()
      while try nextElement() { values.append(try value(&self)) }
      result[key.text] = values
    }
    return result
  }

  private mutating func placeholders() throws(JSONError) -> Placeholders {
    skipWhitespace()
    let start = position
    var offset: Int?
    var length: Int?
    try beginObject()
    while let key = try nextKey() {
      if key == "offset" {
        offset = try lenientInteger()
      } else if key == "length" {
        length = try lenientInteger()
      } else {
        try skipValue()
      }
    }
    guard let offset, let length, offset >= 0, length > 0 else {
      throw JSONError(
        .outOfRange(expected: "an offset of 0 or more and a length of 1 or more"), at: start)
    }
    return (offset, length)
  }
}

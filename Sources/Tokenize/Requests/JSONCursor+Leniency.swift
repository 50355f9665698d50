/// Values as vLLM's validation takes them: numbers and booleans in quotes, underscores between
/// digits, whole numbers with a fraction of zero, `null` for what is absent.
extension JSONCursor {
  /// Reads a value; nil when it is `null`.
  mutating func optional<Value>(
    _ value: (inout JSONCursor) throws(JSONError) -> Value
  ) throws(JSONError) -> Value? {
    try null() ? nil : try value(&self)
  }

  /// Skips a value; returns whether it says anything: `null`, `[]`, `{}` and `""` don't.
  mutating func isGiven() throws(JSONError) -> Bool {
    switch try kind() {
    case .null:
      try skipValue()
      return false
    case .array:
      var count = 0
      try beginArray()
      while try nextElement() {
        try skipValue()
        count += 1
      }
      return count > 0
    case .string, .object: return try rawValue().count > 2
    case .number, .bool:
      try skipValue()
      return true
    }
  }

  /// Reads an integer in any guise; one beyond 64 bits comes as the nearest; nil for `null`.
  mutating func lenientInteger() throws(JSONError) -> Int? {
    skipWhitespace()
    let start = position
    let text: String
    switch try kind() {
    case .null:
      try skipValue()
      return nil
    case .bool: return try bool() ? 1 : 0
    case .string: text = try string()
    case .number: text = String(decoding: bytes[try rawValue()], as: UTF8.self)
    case .object, .array: throw wrongType(expected: "an integer")
    }
    let digits = Self.trimmed(text).filter { $0 != "_" }
    if let value = Int(digits) { return value }
    guard let value = Double(digits), value.isFinite, value.rounded() == value else {
      throw JSONError(.outOfRange(expected: "an integer"), at: start)
    }
    return Int(exactly: value) ?? (value < 0 ? .min : .max)
  }

  /// Reads a boolean in any guise.
  mutating func lenientBool() throws(JSONError) -> Bool {
    skipWhitespace()
    let start = position
    let text: String
    switch try kind() {
    case .bool: return try bool()
    case .string: text = try string()
    case .number: text = String(decoding: bytes[try rawValue()], as: UTF8.self)
    case .object, .array, .null: throw wrongType(expected: "true or false")
    }
    switch text.lowercased() {
    case "1", "1.0", "true", "t", "yes", "y", "on": return true
    case "0", "0.0", "false", "f", "no", "n", "off": return false
    default: throw JSONError(.outOfRange(expected: "true or false"), at: start)
    }
  }

  /// Reads a string of at least one character.
  mutating func name() throws(JSONError) -> String {
    skipWhitespace()
    let start = position
    let text = try string()
    guard !text.isEmpty else {
      throw JSONError(.outOfRange(expected: "a string that is not empty"), at: start)
    }
    return text
  }

  /// Reads a string or `null`, or a list of them that are all the same.
  ///
  /// SGLang takes a list with a batch of prompts, and a request has one namespace here.
  mutating func oneName() throws(JSONError) -> String? {
    guard try kind() == .array else {
      return try optional { cursor throws(JSONError) in try cursor.string() }
    }
    let start = position
    var names: [String?] = []
    try beginArray()
    while try nextElement() {
      names.append(try optional { cursor throws(JSONError) in try cursor.string() })
    }
    guard names.dropFirst().allSatisfy({ $0 == names[0] }) else {
      throw JSONError(.outOfRange(expected: "the same string for all prompts"), at: start)
    }
    return names.first ?? nil
  }

  /// Reads a string, or an object's string under `member`; nil for anything else.
  mutating func stringIfAny(member: StaticString?) throws(JSONError) -> String? {
    var found: String?
    switch (try kind(), member) {
    case (.string, nil): found = try string()
    case (.object, let member?):
      try beginObject()
      while let key = try nextKey() {
        if key == member {
          found = try stringIfAny(member: nil)
        } else {
          try skipValue()
        }
      }
    default: try skipValue()
    }
    return found
  }

  /// Skips a value; returns whether it is anything but `null`.
  mutating func isNotNull() throws(JSONError) -> Bool {
    if try null() { return false }
    try skipValue()
    return true
  }

  /// Reads the bound of the answer's length from sampling parameters, nil when they have none, and
  /// whether the engine will use cached blocks.
  ///
  /// SGLang also takes a list, one for each prompt: nothing is read from that.
  mutating func samplingParameters(
    _ api: InferenceAPI
  ) throws(JSONError) -> (length: Int?, readsCache: Bool) {
    guard try kind() == .object else {
      try skipValue()
      return (nil, true)
    }
    let name: StaticString = api == .sglangGenerate ? "max_new_tokens" : "max_tokens"
    var length: Int?
    var skipsCache: Bool?
    var wantsPromptLogProbabilities = false
    try beginObject()
    while let key = try nextKey() {
      if key == name {
        length = try lenientInteger()
      } else if key == "prompt_logprobs" || key == "prompt_logprob_token_ids" {
        if try isNotNull() { wantsPromptLogProbabilities = true }
      } else if key == "skip_reading_prefix_cache" {
        skipsCache = try optional { cursor throws(JSONError) in try cursor.lenientBool() }
      } else {
        try skipValue()
      }
    }
    return (length, !(skipsCache ?? wantsPromptLogProbabilities))
  }

  private static func trimmed(_ text: String) -> Substring {
    var text = text[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}

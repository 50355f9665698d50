/// Takes what a conversation is made of, in the order of the prompt.
protocol ConversationVisitor {
  /// Whether a message's role is to come before its text wherever it was written.
  static var wantsRoleFirst: Bool { get }

  /// A string comes next: text of the prompt. It has to be read.
  mutating func text(_ cursor: inout JSONCursor) throws(JSONError)

  /// A value comes next that the prompt shows as JSON. It has to be read.
  mutating func json(_ cursor: inout JSONCursor) throws(JSONError)

  /// Something that is not text, which was read already.
  mutating func media(_ bytes: UnsafeRawBufferPointer)
}

/// Notes whether a conversation has more than text.
struct MediaFinder: ConversationVisitor {
  private(set) var hasFound = false

  static var wantsRoleFirst: Bool { false }

  mutating func text(_ cursor: inout JSONCursor) throws(JSONError) {
    guard try cursor.kind() == .string else { throw cursor.wrongType(expected: "a string") }
    try cursor.skipValue()
  }

  mutating func json(_ cursor: inout JSONCursor) throws(JSONError) {
    try cursor.skipValue()
  }

  mutating func media(_ bytes: UnsafeRawBufferPointer) {
    hasFound = true
  }
}

/// The messages of chats, Anthropic's messages, and the items of the Responses API, whose shapes
/// are alike enough for one walk.
extension JSONCursor {
  /// Walks an array of messages; returns how many there are.
  mutating func walkMessages<Visitor: ConversationVisitor>(
    _ visitor: inout Visitor
  ) throws(JSONError) -> Int {
    var count = 0
    try beginArray()
    while try nextElement() {
      try walkMessage(&visitor)
      count += 1
    }
    return count
  }

  private mutating func walkMessage<Visitor: ConversationVisitor>(
    _ visitor: inout Visitor
  ) throws(JSONError) {
    let start = self
    var isRoleDone = false
    try beginObject()
    while let key = try nextKey() {
      if key == "role" {
        if isRoleDone {
          try skipValue()
        } else {
          try visitor.text(&self)
        }
      } else if key == "content" || key == "output" {
        if Visitor.wantsRoleFirst, !isRoleDone { try start.visitRole(&visitor) }
        try walkContent(&visitor)
      } else if key == "tool_calls" || key == "arguments" {
        if Visitor.wantsRoleFirst, !isRoleDone { try start.visitRole(&visitor) }
        try visitor.json(&self)
      } else {
        try skipValue()
        continue
      }
      isRoleDone = true
    }
  }

  /// Shows the role of the message that comes next, if it has one.
  private func visitRole<Visitor: ConversationVisitor>(
    _ visitor: inout Visitor
  ) throws(JSONError) {
    var ahead = self
    try ahead.beginObject()
    while let key = try ahead.nextKey() {
      if key == "role" { return try visitor.text(&ahead) }
      try ahead.skipValue()
    }
  }

  /// Walks text, a list of parts, or one part; `null` is none.
  mutating func walkContent<Visitor: ConversationVisitor>(
    _ visitor: inout Visitor
  ) throws(JSONError) {
    switch try kind() {
    case .string: try visitor.text(&self)
    case .object: try walkPart(&visitor)
    case .null: try skipValue()
    case .array:
      try beginArray()
      while try nextElement() {
        if try kind() == .object {
          try walkPart(&visitor)
        } else {
          try visitor.text(&self)
        }
      }
    case .number, .bool: throw wrongType(expected: "a string or an array")
    }
  }

  /// Walks a part of a message.
  ///
  /// A part is text when its type says so or, without a type, when it has text.
  private mutating func walkPart<Visitor: ConversationVisitor>(
    _ visitor: inout Visitor
  ) throws(JSONError) {
    skipWhitespace()
    let start = position
    var isText: Bool?
    var hasText = false
    try beginObject()
    while let key = try nextKey() {
      if key == "type", try kind() == .string {
        isText = try isTextType()
      } else if try isTextual(key) {
        try visitor.text(&self)
        hasText = true
      } else if key == "content" || key == "output" {
        try walkContent(&visitor)
      } else if key == "input", try kind() == .object {
        try visitor.json(&self)
      } else {
        try skipValue()
      }
    }
    if !(isText ?? hasText) {
      visitor.media(UnsafeRawBufferPointer(rebasing: bytes[start..<position]))
    }
  }

  private mutating func isTextual(_ key: JSONKey) throws(JSONError) -> Bool {
    guard key == "text" || key == "thinking" || key == "refusal" else { return false }
    return try kind() == .string
  }

  /// Reads a part's type; returns whether it is one of those that hold no media themselves.
  private mutating func isTextType() throws(JSONError) -> Bool {
    let string = try scanString()
    let raw = bytes[string.range]
    return Self.textTypes.contains { name in
      raw.count == name.utf8CodeUnitCount
        && raw.elementsEqual(
          UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }
  }

  private static let textTypes: [StaticString] = [
    "text", "input_text", "output_text", "thinking", "redacted_thinking", "tool_use",
    "tool_result", "refusal", "reasoning_text", "summary_text", "tool_reference",
    "tool_addition", "tool_removal",
  ]
}

/// What is wrong with an answer, as one clause.
struct AnswerError: Error {
  var clause: String

  init(clause: String) { self.clause = clause }

  init(_ error: JSONError) { clause = "\(error.message), at byte \(error.offset)" }
}

/// The cursor's reading, with errors of answers in place of errors of JSON.
extension JSONCursor {
  /// Reads an object; `field` reads or skips each value.
  mutating func object(
    _ field: (inout JSONCursor, JSONKey) throws(AnswerError) -> Void
  ) throws(AnswerError) {
    try reading { cursor throws(JSONError) in try cursor.beginObject() }
    while let key = try reading({ cursor throws(JSONError) in try cursor.nextKey() }) {
      try field(&self, key)
    }
  }

  /// Reads an array; `element` reads or skips each value.
  mutating func array(
    _ element: (inout JSONCursor) throws(AnswerError) -> Void
  ) throws(AnswerError) {
    try reading { cursor throws(JSONError) in try cursor.beginArray() }
    while try reading({ cursor throws(JSONError) in try cursor.nextElement() }) {
      try element(&self)
    }
  }

  mutating func text() throws(AnswerError) -> String {
    try reading { cursor throws(JSONError) in try cursor.string() }
  }

  mutating func optionalString() throws(AnswerError) -> String? {
    try isNull() ? nil : try text()
  }

  mutating func number() throws(AnswerError) -> UInt32 {
    try reading { cursor throws(JSONError) in try cursor.token() }
  }

  mutating func isNull() throws(AnswerError) -> Bool {
    try reading { cursor throws(JSONError) in try cursor.null() }
  }

  mutating func skip() throws(AnswerError) {
    try reading { cursor throws(JSONError) in try cursor.skipValue() }
  }

  mutating func end() throws(AnswerError) {
    try reading { cursor throws(JSONError) in try cursor.finish() }
  }

  private mutating func reading<Value>(
    _ value: (inout JSONCursor) throws(JSONError) -> Value
  ) throws(AnswerError) -> Value {
    do throws(JSONError) {
      return try value(&self)
    } catch {
      throw AnswerError(error)
    }
  }
}

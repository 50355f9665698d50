/// Reads the one object of a request's body, whose fields are the cases of `Field`.
///
/// Unknown fields and fields given twice are errors. A field that is `null` counts as absent.
struct RequestBodyReader<Field>
where Field: CaseIterable & Hashable & RawRepresentable, Field.RawValue == String {
  private let body: UnsafeRawBufferPointer
  private var cursor: JSONCursor
  private var seen: Set<Field> = []
  /// The field whose value is being read, as errors name it.
  private var param: String?

  init(_ body: UnsafeRawBufferPointer) throws(RequestBodyError) {
    self.body = body
    cursor = JSONCursor(body)
    try read { cursor throws(JSONError) in try cursor.beginObject() }
  }

  /// The next field that has a value; nil after the last one, when the body was read to its end.
  mutating func nextField() throws(RequestBodyError) -> Field? {
    param = nil
    while let key = try read({ cursor throws(JSONError) in try cursor.nextKey() }) {
      let name = key.text
      guard let field = Field(rawValue: name) else { throw unknown(name, at: key.offset) }
      guard seen.insert(field).inserted else {
        throw RequestBodyError("the field is given twice", param: name, at: key.offset, in: body)
      }
      param = name
      guard try read({ cursor throws(JSONError) in try cursor.null() }) else { return field }
      param = nil
    }
    try read { cursor throws(JSONError) in try cursor.finish() }
    return nil
  }

  /// Reads a value, and turns what is wrong with it into an error that names the field.
  mutating func read<Value>(
    _ value: (inout JSONCursor) throws(JSONError) -> Value
  ) throws(RequestBodyError) -> Value {
    do {
      return try value(&cursor)
    } catch {
      throw RequestBodyError(error.message, param: param, at: error.offset, in: body)
    }
  }

  mutating func string() throws(RequestBodyError) -> String {
    try read { cursor throws(JSONError) in try cursor.string() }
  }

  /// Reads a string of at least one character.
  mutating func name() throws(RequestBodyError) -> String {
    let start = cursor.offset
    let text = try string()
    guard !text.isEmpty else {
      throw RequestBodyError("must not be empty", param: param, at: start, in: body)
    }
    return text
  }

  mutating func integer(in range: ClosedRange<Int>) throws(RequestBodyError) -> Int {
    let start = cursor.offset
    let value = try read { cursor throws(JSONError) in try cursor.integer() }
    guard range.contains(value) else {
      throw RequestBodyError(
        "expected an integer from \(range.lowerBound) to \(range.upperBound)",
        param: param, at: start, in: body)
    }
    return value
  }

  mutating func number(in range: ClosedRange<Double>) throws(RequestBodyError) -> Double {
    let start = cursor.offset
    let value = try read { cursor throws(JSONError) in try cursor.double() }
    guard range.contains(value) else {
      throw RequestBodyError(
        "expected a number from \(range.lowerBound) to \(range.upperBound)",
        param: param, at: start, in: body)
    }
    return value
  }

  mutating func bool() throws(RequestBodyError) -> Bool {
    try read { cursor throws(JSONError) in try cursor.bool() }
  }

  mutating func strings() throws(RequestBodyError) -> [String] {
    try read { cursor throws(JSONError) in
      var strings: [String] = []
      try cursor.beginArray()
      while try cursor.nextElement() { strings.append(try cursor.string()) }
      return strings
    }
  }

  mutating func tokens() throws(RequestBodyError) -> [UInt32] {
    // A token and its comma take five bytes or so: one allocation for the usual prompt.
    let likelyCount = (body.count - cursor.offset) / 5
    return try read { cursor throws(JSONError) in
      var tokens: [UInt32] = []
      tokens.reserveCapacity(likelyCount)
      try cursor.tokens(into: &tokens)
      return tokens
    }
  }

  /// Checks the value that comes next, whatever it is, and copies its bytes.
  mutating func raw() throws(RequestBodyError) -> [UInt8] {
    let range = try read { cursor throws(JSONError) in try cursor.rawValue() }
    return Array(body[range])
  }

  /// The error that the body as a whole, or a field of it, is not as it must be.
  func failure(_ clause: String, param: String? = nil) -> RequestBodyError {
    RequestBodyError(clause, param: param, at: 0, in: body)
  }

  /// `value`, or the error that `field` is required.
  func require<Value>(_ value: Value?, _ field: Field) throws(RequestBodyError) -> Value {
    guard let value else {
      throw failure("the field is required", param: field.rawValue)
    }
    return value
  }

  private func unknown(_ name: String, at offset: Int) -> RequestBodyError {
    let fields = Field.allCases.map(\.rawValue)
    let hint =
      nearestName(to: name, among: fields).map { "did you mean '\($0)'?" }
      ?? "the fields are \(fields.joined(separator: ", "))"
    return RequestBodyError("unknown field; \(hint)", param: name, at: offset, in: body)
  }
}

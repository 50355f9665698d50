import Testing

@testable import Tokenize

/// Runs `read` over the bytes of `text`.
func reading<Value>(
  _ text: String, _ read: (inout JSONCursor) throws -> Value
) throws -> Value {
  try Array(text.utf8).withUnsafeBytes { bytes in
    var cursor = JSONCursor(bytes)
    return try read(&cursor)
  }
}

/// The error of skipping the whole of `text`; nil when it is JSON.
func fault(_ bytes: [UInt8]) -> JSONError? {
  bytes.withUnsafeBytes { bytes in
    var cursor = JSONCursor(bytes)
    do throws(JSONError) {
      try cursor.skipValue()
      try cursor.finish()
      return nil
    } catch {
      return error
    }
  }
}

@Suite struct JSONCursorTests {
  @Test func `an object is read field by field, and what is not wanted is skipped`() throws {
    let text = #" { "a" : 1 , "skip" : [ {"x":[]} , "}" ] , "b" : "two", "c":[true,false,null] } "#
    try reading(text) { cursor in
      var seen: [String] = []
      try cursor.beginObject()
      while let key = try cursor.nextKey() {
        if key == "a" {
          seen.append("a=\(try cursor.integer())")
        } else if key == "b" {
          seen.append("b=\(try cursor.string())")
        } else if key == "c" {
          try cursor.beginArray()
          while try cursor.nextElement() {
            seen.append(try cursor.null() ? "null" : "\(try cursor.bool())")
          }
        } else {
          try cursor.skipValue()
        }
      }
      try cursor.finish()
      #expect(seen == ["a=1", "b=two", "true", "false", "null"])
    }
  }

  @Test func `a key written with escapes equals the plain name`() throws {
    try reading(#"{"mod\u0065l\n": 1}"#) { cursor in
      try cursor.beginObject()
      let key = try #require(try cursor.nextKey())
      #expect(key == "model\n")
      #expect(!(key == "model"))
      #expect(key.text == "model\n")
      #expect(key.offset == 1)
    }
  }

  @Test(arguments: [
    (#""""#, ""),
    (#""plain text of more than eight bytes""#, "plain text of more than eight bytes"),
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
    (#""\u00e9\ud83d\ude00x""#, "é😀x"),
    ("\"é😀 and bytes\"", "é😀 and bytes"),
    (#""1234567\n""#, "1234567\n"),
    ("\"\u{7f}\"", "\u{7f}"),
  ]) func `strings are unescaped`(_ text: String, _ expected: String) throws {
    #expect(try reading(text) { try $0.string() } == expected)
  }

  @Test(arguments: [
    (#""ab"#, JSONError.Fault.unexpectedEnd, 3),
    (#""a\"#, .unexpectedEnd, 3),
    (#""\u12"#, .unexpectedEnd, 5),
    ("\"a\nb\"", .controlCharacter(0x0a), 2),
    (#""\x""#, .invalidEscape, 1),
    (#""\u12g4""#, .invalidEscape, 1),
    (#""ab\ud800""#, .loneSurrogate, 3),
    (#""\udc00""#, .loneSurrogate, 1),
    (#""\ud800\u0041""#, .loneSurrogate, 1),
    ("01", .invalidNumber, 0),
    ("-", .unexpectedEnd, 1),
    ("-x", .invalidNumber, 0),
    ("1.", .unexpectedEnd, 2),
    ("1.e3", .invalidNumber, 0),
    ("1e+]", .invalidNumber, 0),
    ("[1 2]", .unexpectedByte(0x32, expected: "',' or ']'"), 3),
    ("[1,]", .unexpectedByte(0x5d, expected: "a value"), 3),
    ("{,}", .unexpectedByte(0x2c, expected: "a key in quotes"), 1),
    (#"{"a" 1}"#, .unexpectedByte(0x31, expected: "':'"), 5),
    (#"{"a":1,}"#, .unexpectedByte(0x7d, expected: "a key in quotes"), 7),
    ("tru", .invalidLiteral, 0),
    ("nulL", .invalidLiteral, 0),
    ("1 1", .trailingBytes, 2),
    ("", .unexpectedEnd, 0),
    ("+1", .unexpectedByte(0x2b, expected: "a value"), 0),
  ]) func `what is not JSON is refused at the byte where it goes wrong`(
    _ text: String, _ expected: JSONError.Fault, _ offset: Int
  ) throws {
    let error = try #require(fault(Array(text.utf8)))
    #expect(error.fault == expected)
    #expect(error.offset == offset)
    #expect(!error.message.isEmpty)
  }

  @Test func `bytes that are not UTF-8 are an error where a string is decoded`() throws {
    let bytes: [UInt8] = [0x22, 0x61, 0xff, 0x22]
    #expect(fault(bytes) == nil)
    #expect(throws: JSONError(.invalidUTF8, at: 0)) {
      try bytes.withUnsafeBytes { bytes in
        var cursor = JSONCursor(bytes)
        return try cursor.string()
      }
    }
  }

  @Test func `nesting has a limit`() {
    #expect(
      fault(Array(repeating: UInt8(ascii: "["), count: 128)) == JSONError(.unexpectedEnd, at: 128))
    let error = fault(Array(repeating: UInt8(ascii: "["), count: 1_000_000))
    #expect(error == JSONError(.tooDeep(depthMax: 128), at: 128))
  }

  @Test(arguments: [
    ("0", 0), ("-0", 0), ("-12", -12), ("9223372036854775807", Int.max),
    ("-9223372036854775808", Int.min),
  ]) func `integers are exact`(_ text: String, _ expected: Int) throws {
    #expect(try reading(text) { try $0.integer() } == expected)
  }

  @Test(arguments: ["9223372036854775808", "1.0", "1e3", "true", "\"1\""])
  func `what is no 64-bit integer is refused`(_ text: String) {
    #expect(throws: JSONError.self) { try reading(text) { try $0.integer() } }
  }

  @Test(arguments: [("0.1", 0.1), ("-1e-3", -0.001), ("12", 12), ("1E400", nil), ("1e-999", 0)])
  func `doubles are the nearest`(_ text: String, _ expected: Double?) {
    #expect((try? reading(text) { try $0.double() }) == expected)
  }

  @Test func `the range of a raw value leaves out the whitespace around it`() throws {
    let range = try reading(#"{"a":  [1, {"b":2}] , "c":3}"#) { cursor in
      try cursor.beginObject()
      _ = try cursor.nextKey()
      return try cursor.rawValue()
    }
    #expect(range == 7..<19)
  }

  @Test func `positions count lines and characters from one`() {
    Array("ab\né😀x".utf8).withUnsafeBytes { bytes in
      #expect(TextPosition(of: 0, in: bytes) == TextPosition(line: 1, column: 1))
      #expect(TextPosition(of: 2, in: bytes) == TextPosition(line: 1, column: 3))
      #expect(TextPosition(of: 9, in: bytes) == TextPosition(line: 2, column: 3))
    }
  }
}

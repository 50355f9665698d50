import Testing

@testable import Tokenize

@Suite struct JSONRunsTests {
  private func runs(_ text: String) throws -> [String] {
    try reading(text) { cursor in
      var runs: [String] = []
      try cursor.stringRuns { runs.append(String(decoding: $0, as: UTF8.self)) }
      try cursor.finish()
      return runs
    }
  }

  @Test(
    arguments: [
      (#""""#, []), (#" "plain text" "#, ["plain text"]), (#""a\nb""#, ["a", "\n", "b"]),
      (#""\u00e9\ud83d\ude00""#, ["é", "😀"]), (#""é\\""#, ["é", "\\"]),
    ] as [(String, [String])])
  func `a string comes run by run`(_ text: String, _ expected: [String]) throws {
    #expect(try runs(text) == expected)
  }

  @Test(arguments: [
    #""a"#, #""a\"#, #""\u12"#, #""\ud800""#, #""\ud800x""#, #""\udc00""#, #""\x""#, "\"\n\"", "1",
    "",
  ]) func `a string is checked as it is when it is built`(_ text: String) throws {
    let built = #expect(throws: JSONError.self) { try reading(text) { try $0.string() } }
    #expect(throws: try #require(built)) { try runs(text) }
  }

  @Test func `every scalar is unescaped to its UTF-8 form`() throws {
    let scalars = [0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x1_0000, 0x10_ffff]
    for scalar in scalars.compactMap({ UnicodeScalar(UInt32($0)) }) {
      let escapes = String(scalar).utf16.map { unit in
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
      #expect(try runs("\"\(escapes.joined())\"") == [String(scalar)])
    }
  }
}

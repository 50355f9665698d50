import Simulation
import Testing

@testable import Tokenize

@Suite struct JSONTokensTests {
  private func tokens(_ text: String) throws -> [UInt32] {
    try reading(text) { cursor in
      var tokens: [UInt32] = []
      try cursor.tokens(into: &tokens)
      try cursor.finish()
      return tokens
    }
  }

  @Test(arguments: ["", " ", "\n\t "], [1, 2, 3, 4])
  func `token arrays come back in any spacing`(_ space: String, _ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for count in [0, 1, 2, 3, 50] {
      let expected = (0..<count).map { _ in
        UInt32.random(
          in: 0...(UInt32.max >> UInt32.random(in: 0...31, using: &random)), using: &random)
      }
      let text =
        "[\(space)" + expected.map { "\($0)" }.joined(separator: "\(space),\(space)") + "\(space)]"
      #expect(try tokens(text) == expected)
    }
  }

  @Test func `every number of digits is read, at the end of the text too`() throws {
    for digits in 1...9 {
      let value = String("1234567890".prefix(digits))
      #expect(try tokens("[\(value)]") == [UInt32(value)])
      #expect(try tokens("[\(value),\(value) , 0]").first == UInt32(value))
    }
    #expect(try tokens("[4294967295,4294967295,1]") == [.max, .max, 1])
  }

  @Test(arguments: [
    ("[4294967296,1,2,3]", 1), ("[-1,1,2,3,4]", 1), ("[1.5,1,2,3,4]", 1), ("[1e2,1,2,3,4]", 1),
    ("[10, 01, 1, 1, 1]", 5), ("[12345678901234567890, 1]", 1), (#"[1, "2", 3, 4]"#, 4),
    ("[null, 1, 2, 3]", 1), ("[[1], 1, 2, 3]", 1), ("[1,,2,3,4,5,6]", 3), ("[1a,2,3,4,5,6]", 2),
    ("[-1]", 1), ("[1", 2), ("[12345678", 9),
  ]) func `what is no token id is refused at its first byte`(_ text: String, _ offset: Int) throws {
    let error = #expect(throws: JSONError.self) { try tokens(text) }
    #expect(error?.offset == offset)
  }

  /// What the general reader of integers makes of an array of token ids.
  private func oracle(_ text: [UInt8]) -> [UInt32]? {
    text.withUnsafeBytes { bytes in
      var cursor = JSONCursor(bytes)
      var tokens: [UInt32] = []
      do throws(JSONError) {
        try cursor.beginArray()
        while try cursor.nextElement() {
          guard try cursor.kind() == .number,
            let token = UInt32(exactly: try cursor.integer()),
            // The one integer that is no token id although its value is.
            text[cursor.offset - 2..<cursor.offset] != [0x2d, 0x30]
          else { return nil }
          tokens.append(token)
        }
        try cursor.finish()
        return tokens
      } catch {
        return nil
      }
    }
  }

  private func tokens(of text: [UInt8]) -> [UInt32]? {
    text.withUnsafeBytes { bytes in
      var cursor = JSONCursor(bytes)
      var tokens: [UInt32] = []
      do throws(JSONError) {
        try cursor.tokens(into: &tokens)
        try cursor.finish()
        return tokens
      } catch {
        return nil
      }
    }
  }

  @Test(arguments: [",", ", ", ",  ", " ,", ",\n"], 1...8 as ClosedRange<UInt64>)
  func `long arrays, whole and mutated, are read as one number after the other would be`(
    _ separator: String, _ seed: UInt64
  ) {
    var random = SplitMix64(seed: seed)
    let alphabet = Array("0123456789,, []-.e\n\t\"\u{1}".utf8) + [0x80, 0xff, 0xb0]
    for round in 0..<60 {
      let bits = UInt32.random(in: 0...31, using: &random)
      let values = (0..<Int.random(in: 20...400, using: &random)).map { _ in
        UInt32.random(
          in: 0...(UInt32.max >> UInt32.random(in: 0...bits, using: &random)),
          using: &random)
      }
      var text = Array(("[" + values.map { "\($0)" }.joined(separator: separator) + "]").utf8)
      if round == 0 { #expect(tokens(of: text) == values) }
      for _ in 0..<(round % 3) {
        let index = Int.random(in: 0..<text.count, using: &random)
        switch Int.random(in: 0...2, using: &random) {
        case 0: text[index] = alphabet.randomElement(using: &random) ?? 0x20
        case 1: text.insert(alphabet.randomElement(using: &random) ?? 0x20, at: index)
        default: text.remove(at: index)
        }
      }
      #expect(tokens(of: text) == oracle(text), "\(String(decoding: text, as: UTF8.self))")
    }
  }

  @Test(arguments: [("01", 0), ("1a", 1), ("-1", 0), ("4294967296", 0), ("1.5", 0), ("", 0)])
  func `a fault deep in a long array is found where it is`(_ fault: String, _ offset: Int) {
    for before in 1...80 {
      let text =
        "[" + Array(repeating: "12345", count: before).joined(separator: ",") + ",\(fault),"
        + Array(repeating: "678", count: 100).joined(separator: ",") + "]"
      let error = #expect(throws: JSONError.self) { try tokens(text) }
      #expect(error?.offset == 1 + 6 * before + offset)
    }
  }
}

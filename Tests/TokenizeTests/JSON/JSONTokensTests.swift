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
}

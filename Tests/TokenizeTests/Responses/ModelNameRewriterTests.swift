import Simulation
import Testing
import Tokenize

@Suite struct ModelNameRewriterTests {
  private static let target = #"meta/"Llama""#
  private static let client = "assistant\n"

  private func rewritten(_ format: ResponseFormat, _ chunks: [ArraySlice<UInt8>]) -> String {
    var rewriter = ModelNameRewriter(format, target: Self.target, client: Self.client)
    var output: [UInt8] = []
    for chunk in chunks {
      output += chunk.withUnsafeBytes { rewriter.rewrite($0) } ?? Array(chunk)
    }
    return String(decoding: output + rewriter.finish(), as: UTF8.self)
  }

  private func check(_ format: ResponseFormat, _ body: String, _ expected: String) {
    let bytes = Array(body.utf8)
    #expect(rewritten(format, [bytes[...]]) == expected)
    for cut in bytes.indices {
      #expect(rewritten(format, [bytes[..<cut], bytes[cut...]]) == expected, "cut at \(cut)")
    }
    #expect(rewritten(format, bytes.indices.map { bytes[$0...$0] }) == expected)
  }

  @Test func `only the field of the model changes`() {
    check(
      .json,
      #"{"model":"meta/\"Llama\"","x":{"model":"meta/\"Llama\""},"t":"\"model\":\"meta/\""}"#,
      #"{"model":"assistant\n","x":{"model":"meta/\"Llama\""},"t":"\"model\":\"meta/\""}"#)
    check(
      .json, #"{ "a": 1, "model" : "meta/\"Llama\"" }"#, #"{ "a": 1, "model" : "assistant\n" }"#)
  }

  @Test(arguments: [
    #"{"model":"meta/\"Llama\"3"}"#, #"{"model":"meta/\"Llama"}"#, #"{"model":""}"#,
    #"{"model":"other"}"#, #"{"model":["meta/\"Llama\""]}"#, #"{"model":"meta/\"Llama\"#,
    "plain text", "",
  ])
  func `another name stays as it is`(_ body: String) {
    check(.json, body, body)
  }

  @Test func `every event of a stream changes`() {
    let body = #"""
      data: {"model":"meta/\"Llama\"","choices":[{"delta":{"content":"\"model\""}}]}

      event: response.created
      data: {"response":{"model":"meta/\"Llama\"","output":[{"model":"meta/\"Llama\""}]}}

      data: {"message":{"model":"meta/\"Llama\""}}

      data: [DONE]

      """#
    let expected = #"""
      data: {"model":"assistant\n","choices":[{"delta":{"content":"\"model\""}}]}

      event: response.created
      data: {"response":{"model":"assistant\n","output":[{"model":"meta/\"Llama\""}]}}

      data: {"message":{"model":"assistant\n"}}

      data: [DONE]

      """#
    check(.eventStream, body, expected)
  }

  @Test func `a chunk without the name is passed on as it is`() {
    var rewriter = ModelNameRewriter(.json, target: "a", client: "b")
    let chunk = Array(#"{"choices":[{"model":"a"}],"#.utf8)
    #expect(chunk.withUnsafeBytes { rewriter.rewrite($0) } == nil)
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `where a body is cut makes no difference`(_ seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let pieces = [
      #""model":"#, #""meta/\"Llama\"""#, "{", "}", "[", "]", ",", "\"", "\\", "\n", "data: ", "1",
      #""response":"#, " ",
    ]
    let body = (0..<60).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
    for format in [ResponseFormat.json, .eventStream] {
      check(format, body, rewritten(format, [Array(body.utf8)[...]]))
    }
  }
}

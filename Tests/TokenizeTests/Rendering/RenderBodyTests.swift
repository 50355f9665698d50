import Testing
import Tokenize

@Suite struct RenderBodyTests {
  private func make(
    _ body: String, modelRange: Range<Int>? = nil, model: String? = nil, hasMedia: Bool = false
  ) -> String {
    String(
      decoding: RenderBody.make(
        Array(body.utf8), modelRange: modelRange, model: model, hasMedia: hasMedia), as: UTF8.self)
  }

  /// Odd spacing, key order and numbers: all of it decides tokens.
  private static let body = #"{ "model" : "a", "tools":[{"z":1.0,"a":1e2}] }"# + "\n"

  @Test func `a body is sent as it came`() {
    #expect(make(Self.body, modelRange: 12..<15) == Self.body)
  }

  @Test func `a configured model takes the place of the client's`() {
    #expect(
      make(Self.body, modelRange: 12..<15, model: "served \"b\"")
        == #"{ "model" : "served \"b\"", "tools":[{"z":1.0,"a":1e2}] }"# + "\n")
    #expect(make(#"{"prompt":"x"}"#, model: "b") == #"{"prompt":"x","model":"b"}"#)
  }

  @Test func `media bodies ask for no tensors, whatever they asked for`() {
    #expect(
      make(Self.body, modelRange: 12..<15, model: "b", hasMedia: true)
        == #"{ "model" : "b", "tools":[{"z":1.0,"a":1e2}] ,"mm_payload":"none"}"# + "\n")
    #expect(
      make(#"{"mm_payload":"tensors"}"#, hasMedia: true)
        == #"{"mm_payload":"tensors","mm_payload":"none"}"#)
  }

  @Test func `an empty object gets no comma`() {
    #expect(make("{ }", model: "b") == #"{ "model":"b"}"#)
    #expect(
      make("{}", model: "b", hasMedia: true) == #"{"mm_payload":"none","model":"b"}"#)
  }

  @Test(arguments: ["", "   ", "}", "[1]", "{", "null", "{}x"])
  func `what is no object stays as it is`(_ body: String) {
    #expect(make(body, hasMedia: true) == body)
  }
}

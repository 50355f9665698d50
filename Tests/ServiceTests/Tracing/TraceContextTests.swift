import Testing

@testable import Service

@Suite struct TraceContextTests {
  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  private static let span = "00f067aa0ba902b7"

  @Test func `the recommendation's example is read, and written as it was`() throws {
    let text = "00-\(Self.trace)-\(Self.span)-01"
    let context = try #require(TraceContext(text))
    #expect(context.trace == .init(high: 0x4bf9_2f35_77b3_4da6, low: 0xa3ce_929d_0e0e_4736))
    #expect(context.span == 0x00f0_67aa_0ba9_02b7 && context.isSampled && context.text == text)
  }

  @Test func `of later versions what is known is read`() throws {
    let context = try #require(TraceContext("cc-\(Self.trace)-\(Self.span)-02-what-comes-next"))
    #expect(!context.isSampled)
    #expect(context.text == "00-\(Self.trace)-\(Self.span)-00")
  }

  @Test(arguments: [
    "", "00", "ff-\(trace)-\(span)-01", "00-\(trace)-\(span)-01-more",
    "cc-\(trace)-\(span)-01.more", "00-\(trace)-\(span)", "00-\(trace)-\(span)-0g",
    "00-\(String(repeating: "0", count: 32))-\(span)-01", "00-\(trace)-0000000000000000-01",
    "00-\(trace.uppercased())-\(span)-01", "00_\(trace)-\(span)-01", " 00-\(trace)-\(span)-01",
  ])
  func `what is not well formed is none`(_ text: String) {
    #expect(TraceContext(text) == nil)
  }
}

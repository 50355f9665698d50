import Simulation
import Testing
import Tokenize

@Suite struct UsageReaderTests {
  private func read(_ format: ResponseFormat, _ chunks: [ArraySlice<UInt8>]) -> TokenUsage? {
    var reader = UsageReader(format)
    for chunk in chunks { chunk.withUnsafeBytes { reader.read($0) } }
    return reader.usage
  }

  @Test(arguments: SampleResponse.all)
  func `a response says what it used, wherever it is cut`(_ sample: SampleResponse) {
    let bytes = sample.bytes
    #expect(read(sample.format, [bytes[...]]) == sample.usage)
    for cut in bytes.indices {
      #expect(read(sample.format, [bytes[..<cut], bytes[cut...]]) == sample.usage, "cut at \(cut)")
    }
    for size in 1...7 {
      let chunks = stride(from: 0, to: bytes.count, by: size).map {
        bytes[$0..<min($0 + size, bytes.count)]
      }
      #expect(read(sample.format, chunks) == sample.usage, "chunks of \(size)")
    }
  }

  @Test(arguments: SampleResponse.all, 0..<40 as Range<UInt64>)
  func `bytes that were changed are read like any others, however they are cut`(
    _ sample: SampleResponse, _ seed: UInt64
  ) {
    var random = SplitMix64(seed: seed)
    var bytes = sample.bytes
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      guard let place = bytes.indices.randomElement(using: &random) else { break }
      switch Int.random(in: 0..<3, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes.remove(at: place)
      default: bytes[place] = Array("{}[]\",:\\\n".utf8).randomElement(using: &random) ?? 0
      }
    }
    let whole = read(sample.format, [bytes[...]])
    var chunks: [ArraySlice<UInt8>] = []
    var start = 0
    while start < bytes.count {
      let end = min(start + Int.random(in: 1...20, using: &random), bytes.count)
      chunks.append(bytes[start..<end])
      start = end
    }
    #expect(read(sample.format, chunks) == whole)
  }

  @Test func `a stream that stops half-way keeps what was said`() {
    let said = Array(#"{"usage":{"prompt_tokens":7,"completion_tokens":12"#.utf8)
    #expect(read(.json, [said[...]]) == TokenUsage(promptTokens: 7))
  }

  @Test func `content types name formats`() {
    #expect(ResponseFormat(contentType: "text/event-stream; charset=utf-8") == .eventStream)
    #expect(ResponseFormat(contentType: "Text/Event-Stream") == .eventStream)
    #expect(ResponseFormat(contentType: "application/json") == .json)
    #expect(ResponseFormat(contentType: "application/problem+json") == .json)
    #expect(ResponseFormat(contentType: nil) == .json)
    #expect(ResponseFormat(contentType: "text/plain") == nil)
    #expect(ResponseFormat(contentType: "audio/wav") == nil)
  }
}

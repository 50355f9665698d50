import Foundation
import Testing

@testable import Simulation

@Suite struct TraceReaderTests {
  private static let line =
    #"{"timestamp": 3000, "input_length": 1100, "output_length": 20, "hash_ids": [0, 17, 18]}"#

  private func read(_ text: String, blockTokens: Int = 512) throws -> Trace {
    try Array(text.utf8).withUnsafeBytes {
      try TraceReader.read($0, file: "t.jsonl", blockTokens: blockTokens)
    }
  }

  private func fault(of text: String, blockTokens: Int = 512) -> InputFileError? {
    do {
      _ = try read(text, blockTokens: blockTokens)
      return nil
    } catch {
      return error as? InputFileError
    }
  }

  @Test func `A line becomes a request and its ids become numbers in order`() throws {
    let more = #"{"hash_ids": [0, 4], "input_length": 513, "timestamp": 3000.5, "x": {"y": [1]}}"#
    let trace = try read(Self.line + "\n\n" + more + "\r\n")
    #expect(trace.requests.map(\.time) == [3_000_000_000, 3_000_500_000])
    #expect(trace.requests.map(\.promptTokens) == [1100, 513])
    #expect(trace.requests.map(\.outputTokens) == [20, 1])
    #expect(trace.ids == [0, 1, 2, 0, 3])
    #expect(trace.distinctBlocks == 4)
  }

  @Test(arguments: [
    ("{}", 1, "\"timestamp\" is missing"),
    (#"{"timestamp": 0, "hash_ids": []}"#, 1, "\"input_length\" is missing"),
    (#"{"timestamp": 0, "input_length": 5}"#, 1, "\"hash_ids\" is missing"),
    (#"{"timestamp": 0, "input_length": 0, "hash_ids": []}"#, 1, "\"input_length\" is 0"),
    (#"{"timestamp": -1, "input_length": 5, "hash_ids": [1]}"#, 1, "milliseconds from 0"),
    (#"{"timestamp": 0, "input_length": 5, "hash_ids": [1.5]}"#, 1, "column 50"),
    (#"{"timestamp": 0, "input_length": 5, "hash_ids": ["a"]}"#, 1, "not a string"),
    ("\n[1]", 2, "expected an object"),
    (Self.line + "\n{", 2, "ends too early"),
    (Self.line + "\n" + #"{"timestamp": 2, "input_length": 9, "hash_ids": [0]}"#, 2, "sort"),
    (
      Self.line + "\n" + #"{"timestamp": 3000, "input_length": 9, "hash_ids": [17]}"#, 2,
      "id 17 follows nothing here, and something else in line 1"
    ),
  ])
  func `A fault is told with its line`(text: String, line: Int, reason: String) {
    let fault = fault(of: text)
    #expect(fault?.file == "t.jsonl" && fault?.line == line)
    #expect(fault?.reason.contains(reason) == true, "\(String(describing: fault))")
    #expect(fault?.description.hasPrefix("t.jsonl:\(line): ") == true)
  }

  @Test func `Ids of another block size are refused with a guess of the right one`() {
    let fault = fault(of: Self.line, blockTokens: 16)
    #expect(fault?.reason.contains("--block-tokens about 367") == true)
  }

  @Test func `A file without requests shows what a line looks like`() {
    #expect(fault(of: "\n \n")?.reason.contains("\"hash_ids\": [0, 1]") == true)
    #expect(fault(of: "")?.line == nil)
  }

  @Test func `No truncation and no changed byte of a line traps`() {
    let bytes = Array(Self.line.utf8)
    for count in 0..<bytes.count { _ = fault(of: String(decoding: bytes[..<count], as: UTF8.self)) }
    var random = SplitMix64(seed: 1)
    for _ in 0..<2_000 {
      var changed = bytes
      changed[random.below(changed.count)] = UInt8(random.below(256))
      _ = try? changed.withUnsafeBytes {
        try TraceReader.read($0, file: "t.jsonl", blockTokens: 512)
      }
    }
  }

  @Test func `The fixture is read, and written as it was`() throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../fixtures/traces/shared-prompts.jsonl")
    let bytes = Array(try Data(contentsOf: url))
    let trace = try bytes.withUnsafeBytes {
      try TraceReader.read($0, file: "shared-prompts.jsonl", blockTokens: 512)
    }
    #expect(trace.requests.count == 500)
    #expect(trace.jsonLines == bytes)
    #expect(trace.resolution == 0)
  }
}

import Foundation
import Service
import Simulation
import Testing

@Suite struct RecordingTests {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("fixtures/recordings")

  private static func files(named isWanted: (String) -> Bool) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted().filter(isWanted)
  }

  private static func temporaryFile(holding text: String) throws -> String {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("recording-\(UUID().uuidString).jsonl")
    try text.write(to: file, atomically: true, encoding: .utf8)
    return file.path
  }

  @Test func everyRecordingIsWrittenBackToTheSameBytes() throws {
    let files = try Self.files {
      $0.contains("/frames") || $0.hasPrefix("replay/") || $0.hasPrefix("legacy_synthetic/")
    }
    #expect(files.count > 40)
    for file in files {
      let path = Self.folder.appendingPathComponent(file).path
      let messages = try RecordedFrames.read(from: path)
      let copy = try Self.temporaryFile(holding: "")
      defer { try? FileManager.default.removeItem(atPath: copy) }
      try RecordedFrames.write(messages, to: copy)
      let same = FileManager.default.contentsEqual(atPath: path, andPath: copy)
      #expect(same, "\(file)")
    }
  }

  @Test func aReplayExchangeKnowsItsDirections() throws {
    let path = Self.folder.appendingPathComponent("replay/from_last_but_2.jsonl").path
    let messages = try RecordedFrames.read(from: path)
    #expect(messages.first?.direction == .sent)
    #expect(messages.dropFirst().allSatisfy { $0.direction == .received })
    #expect(messages.last?.frames == [[], [], [UInt8](repeating: 0xff, count: 8), []])
  }

  @Test func everyTranscriptIsRead() throws {
    var requests = 0
    for file in try Self.files(named: { $0.hasSuffix("requests.jsonl") }) {
      requests += try RecordedRequest.read(from: Self.folder.appendingPathComponent(file).path)
        .count
    }
    #expect(requests == 611)
  }

  @Test func aTranscriptHoldsWhatTheEngineAnswered() throws {
    let path = Self.folder.appendingPathComponent("lora/requests.jsonl").path
    let requests = try RecordedRequest.read(from: path)
    let first = try #require(requests.first)
    #expect(first.label == "base model" && first.server == 8000 && first.status == 200)
    #expect(first.path == "/v1/completions" && first.body["model"]?.string == "tiny")
    #expect(first.promptTokenIDs?.count == 70 && first.promptTokenIDs?.first == 2309)
    #expect(first.outputTokenIDs == [422] && first.promptTokens == 70)
    #expect(first.cachedTokens == 0 && first.concurrent == nil)
    #expect(first.metrics.before?.queries == 0 && first.metrics.after?.queries == 70)
    #expect(first.metrics.after?.hits == 0 && first.metrics.after?.preemptions == 0)
    #expect(first.sequence.before == nil && first.sequence.after == 0)
    #expect(requests.dropFirst().first?.body["model"]?.string == "sql")
  }

  @Test(arguments: [
    ("{\"t\":1,\"frames\":[\"AA==\"]}\n{\"t\":2}\n", 2, "`frames` is missing"),
    ("{\"t\":1,\"frames\":[\"?\"]}\n", 1, "`frames.0`"),
    ("{\"t\":\"1\",\"frames\":[]}", 1, "`t` has the wrong type"),
    ("{\"t\":1,\"frames\":[]}\n\n{\"t\":1,\"frames\":[]}\n", 2, ""),
    ("{\"t\":1,\"dir\":\"up\",\"frames\":[]}\n", 1, "`dir`"),
  ])
  func aBrokenLineIsNamed(text: String, line: Int, reason: String) throws {
    let file = try Self.temporaryFile(holding: text)
    defer { try? FileManager.default.removeItem(atPath: file) }
    let error = #expect(throws: InputFileError.self) { try RecordedFrames.read(from: file) }
    #expect(error?.file == file && error?.line == line)
    #expect(error?.reason.hasPrefix(reason) == true, "\(error?.reason ?? "")")
    #expect(error?.description.hasPrefix("\(file):\(line): ") == true)
  }

  @Test func aMissingFileIsNamed() {
    let file = "/nonexistent/frames.jsonl"
    let error = #expect(throws: InputFileError.self) { try RecordedFrames.read(from: file) }
    #expect(error?.file == file && error?.line == nil)
    #expect(throws: InputFileError.self) { try RecordedFrames.write([], to: file) }
  }
}

import Simulation
import Testing

@testable import Service

/// Our messages against Python's protobuf, which reads `proto/` itself.
@Suite struct ProtobufPeerTests {
  /// What Python makes of each message; nil where it finds none.
  private func reencoded(_ name: String, _ messages: [[UInt8]]) throws -> [[UInt8]?] {
    let input = messages.map { Hex.text($0) + "\n" }.joined()
    let lines = try Python.run("reencode.py", [name], input: input)
      .split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    try #require(lines.count == messages.count)
    return lines.map { $0 == "error" ? nil : Hex.bytes($0) }
  }

  private func check<Message: ProtobufMessage & Equatable>(
    _ name: String, seed: UInt64, _ make: (inout SplitMix64) -> Message
  ) throws {
    var random = SplitMix64(seed: seed)
    // Unknown fields of each kind, which readers have to skip.
    let unknown: [UInt8] = [0xf8, 0x07, 1, 0xf2, 0x07, 1, 9, 0xfd, 0x07, 1, 2, 3, 4]
    var messages: [[UInt8]] = []
    for _ in 0..<150 {
      let (first, second) = (make(&random).serialized(), make(&random).serialized())
      // One message after the other is both merged.
      messages += [first, first + second, first + unknown + second]
      for _ in 0..<8 { messages.append(RandomMessages.mutated(first, &random)) }
    }
    for (bytes, theirs) in zip(messages, try reencoded(name, messages)) {
      switch parse(bytes) as Result<Message, ProtobufError> {
      case .success(let message):
        #expect(message.serialized() == theirs, "\(Hex.text(bytes))")
      // Python skips groups, and takes a field number of 0 for the end of the message.
      case .failure(let error)
      where error.fault == .group || error.fault == .invalidFieldNumber: break
      case .failure(let error): #expect(theirs == nil, "\(error) in \(Hex.text(bytes))")
      }
    }
  }

  private func parse<Message: ProtobufMessage>(_ bytes: [UInt8]) -> Result<Message, ProtobufError> {
    bytes.withUnsafeBytes { bytes in
      Result { () throws(ProtobufError) in try Message(parsing: bytes) }
    }
  }

  @Test(arguments: 0..<2 as Range<UInt64>)
  func `Python and we agree on score requests`(_ seed: UInt64) throws {
    try check("kvindexer.v1.ScoreRequest", seed: seed, RandomMessages.scoreRequest)
  }

  @Test(arguments: 0..<2 as Range<UInt64>)
  func `Python and we agree on score responses`(_ seed: UInt64) throws {
    try check("kvindexer.v1.ScoreResponse", seed: seed, RandomMessages.scoreResponse)
  }

  @Test func `Python and we agree on watch events`() throws {
    try check("kvindexer.v1.WatchEvent", seed: 1, RandomMessages.watchEvent)
  }

  @Test func `Python and we agree on batches`() throws {
    try check("kvindexer.v1.ScoreBatchRequest", seed: 1) { random in
      var batch = ScoreBatchRequestMessage()
      batch.requests = (0..<2).map { _ in RandomMessages.scoreRequest(&random) }
      return batch
    }
    try check("kvindexer.v1.ScoreBatchResponse", seed: 2) { random in
      var batch = ScoreBatchResponseMessage()
      batch.responses = (0..<2).map { _ in RandomMessages.scoreResponse(&random) }
      return batch
    }
  }
}

import KVIndexer
import Service
import Simulation
import Testing

/// A live engine's stream on its way into a file and back.
@Suite(.serialized) struct FrameRecorderTests {
  private let encoder = EventEncoder(generation: .v032)

  private func payload(_ event: EngineEvent, at step: Int) -> [UInt8] {
    encoder.encode(EngineBatch(timestamp: Double(step), events: [event]))
  }

  private func stored(_ prompt: Int) -> EngineEvent {
    .stored(
      StoredBlocks(
        hashes: [.integer(UInt64(prompt) + 1)], parent: nil,
        tokens: (0..<16).map { TokenID(prompt * 16 + $0) }, blockSize: 16))
  }

  @Test func `what was recorded live is read back frame by frame, and can be replayed`() throws {
    let directory = try TemporaryDirectory()
    let file = directory.path + "/frames.jsonl"
    let publisher = try EventPublisher.local(replay: false)
    defer { publisher.stop() }
    let recorder = try FrameRecorder(publisher.target(), path: file)
    // Until the subscription has reached the publisher, nothing arrives. A clear is harmless, and
    // makes the history of what follows complete.
    var published = 0
    while recorder.messageCount == 0 {
      publisher.publish(payload(.cleared, at: published))
      publisher.flush()
      published += 1
    }
    let first = published
    for prompt in 0..<50 { publisher.publish(payload(stored(prompt), at: first + prompt)) }
    publisher.flush()
    // A line that is being written can't be read yet.
    let last = UInt64(first + 49).sequenceFrame
    try Deadline.wait { (try? RecordedFrames.read(from: file))?.last?.frames[1] == last }
    let count = try recorder.stop()

    let frames = try RecordedFrames.read(from: file)
    #expect(frames.count == count)
    let stores = frames.suffix(50)
    for (offset, message) in stores.enumerated() {
      let isSame =
        message.frames == [
          Array("kv@test".utf8), UInt64(first + offset).sequenceFrame,
          payload(stored(offset), at: first + offset),
        ]
      #expect(isSame && message.direction == nil && message.time > 1e9)
    }
    #expect(zip(frames, frames.dropFirst()).allSatisfy { $0.time <= $1.time })

    let report = try RecordingReplay.run(path: file)
    #expect(report.batches == count && report.rows.isEmpty)
    #expect(report.sources.first?.status.blocks[.gpu] == 50)
    #expect(report.sources.first?.status.trust == .exact)
    #expect(report.text(onlyDifferences: false).hasSuffix("0 of 0 predictions equal"))
  }

  @Test func `a file that can't be written is an error`() throws {
    let publisher = try EventPublisher.local(replay: false)
    defer { publisher.stop() }
    #expect(throws: SystemError.self) {
      try FrameRecorder(publisher.target(), path: "/nonexistent/frames.jsonl")
    }
  }

  @Test func `a tap prints live events and sums up what came`() throws {
    let publisher = try EventPublisher.local()
    defer { publisher.stop() }
    for prompt in 0..<3 { publisher.publish(payload(stored(prompt), at: prompt)) }
    publisher.publish([0xc1])
    let lines = Arrivals<String>()
    let tap = try Tap([publisher.target()]) { lines.add($0) }
    var text: [String] = []
    while text.last?.contains("can't be decoded") != true {
      text.append(try #require(lines.next()))
    }
    #expect(text.count { $0.contains("stored 1 × 16 after the root gpu: ") } == 3)
    #expect(text.contains { $0.contains(" seq 2 rank 0 lag ") })
    let summary = tap.stop()
    #expect(summary.hasPrefix("4 batches: 3 stored, 0 removed, 0 cleared; skipped none;"))
    #expect(summary.hasSuffix("1 batches not decodable"))
  }
}

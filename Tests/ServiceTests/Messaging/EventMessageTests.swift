import Service
import Testing

@Suite("Frames of event and replay messages")
struct EventMessageTests {
  @Test("A live message has two or three frames and a sequence of one to eight bytes")
  func live() {
    #expect(
      EventMessage.live(MultipartMessage([[107], [0, 0, 0, 0, 0, 0, 1, 2], [9]]))
        == .batch(sequence: 258, payload: 2, topic: 0))
    #expect(
      EventMessage.live(MultipartMessage([[7], []]))
        == .batch(sequence: 7, payload: 1, topic: nil))
    for frames: [[UInt8]] in [
      [[1]], [[], [], [1]], [[], [1, 2, 3, 4, 5, 6, 7, 8, 9], []],
      [[], [UInt8](repeating: 255, count: 8), []], [[], [1], [1], [1]],
      [[], [1], [1], [1], [1], [1], [1]],
    ] {
      #expect(EventMessage.live(MultipartMessage(frames)) == .malformed)
    }
  }

  @Test("A replayed message has a delimiter, and either form of the end is the end")
  func replay() {
    let marker = [UInt8](repeating: 255, count: 8)
    #expect(
      EventMessage.replay(MultipartMessage([[], [107], [3], [9]]))
        == .batch(sequence: 3, payload: 3, topic: 1))
    #expect(
      EventMessage.replay(MultipartMessage([[], [3], [9]]))
        == .batch(sequence: 3, payload: 2, topic: nil))
    #expect(EventMessage.replay(MultipartMessage([[], [], marker, []])) == .end)
    #expect(EventMessage.replay(MultipartMessage([[], marker, []])) == .end)
    for frames: [[UInt8]] in [
      [[107], [3], [9]], [[], [3]], [[], marker, [1]], [[], [107], [], [9]],
      [[], [1], [2], [3], [4]],
    ] {
      #expect(EventMessage.replay(MultipartMessage(frames)) == .malformed)
    }
  }

  /// The answers of a recorded exchange: sequences, and whether the end marker closed it.
  private func recorded(_ name: String) throws -> (sequences: [UInt64], ends: Int) {
    var sequences: [UInt64] = []
    var ends = 0
    let file = RecordingTableTests.folder + "/replay/\(name).jsonl"
    for message in try RecordedFrames.read(from: file) where message.direction == .received {
      switch EventMessage.replay(MultipartMessage(message.frames)) {
      case .batch(let sequence, _, _): sequences.append(sequence)
      case .end: ends += 1
      case .malformed: Issue.record("malformed: \(message.frames.count) frames")
      }
    }
    return (sequences, ends)
  }

  @Test(
    "Recorded answers of vLLM are read as what they are",
    arguments: [
      ("from_0", 0..<49), ("from_last_but_2", 46..<49), ("one_byte_seq", 47..<49),
      ("older_than_buffer", 61..<69), ("from_future", 0..<0), ("start_minus_1", 0..<0),
    ] as [(String, Range<UInt64>)])
  func recordings(name: String, expected: Range<UInt64>) throws {
    let (sequences, ends) = try recorded(name)
    #expect(sequences == Array(expected))
    #expect(ends == 1)
  }
}

import KVIndexer
import Simulation
import Testing

@testable import Service

@Suite struct EventTextTests {
  private func lines(
    _ events: [EngineEvent], rank: Int? = 0, lag: Double = 0.0123
  ) throws -> [String] {
    var decoder = EventDecoder(seed: 1)
    var batch = EventBatch()
    let payload = EventEncoder(generation: .v032).encode(
      EngineBatch(timestamp: 1000, events: events, dataParallelRank: rank))
    try payload.withUnsafeBytes { try decoder.decode($0, into: &batch) }
    return EventText.lines(batch, sequence: 7, source: "tcp://a:1", now: 1000 + lag)
  }

  private func stored(_ count: Int, _ adjust: (inout StoredBlocks) -> Void) -> EngineEvent {
    var stored = StoredBlocks(
      hashes: (0..<count).map { .integer(UInt64($0) + 0xab) }, parent: nil,
      tokens: (0..<count * 4).map { TokenID($0) + 77_000 }, blockSize: 4)
    adjust(&stored)
    return .stored(stored)
  }

  @Test func `a batch has a line of its own, with sequence, rank and lag`() throws {
    #expect(try lines([]) == ["tcp://a:1 seq 7 rank 0 lag 12.3 ms"])
    #expect(try lines([], rank: nil, lag: -0.5) == ["tcp://a:1 seq 7 lag -500.0 ms"])
  }

  @Test func `a store tells its blocks, its parent, its tier and the first hashes`() throws {
    let text = try lines([
      stored(2) { _ in }, stored(5) { $0.parent = .integer(0xff) },
    ])
    #expect(text.count == 3)
    #expect(
      text[1] == "  stored 2 × 4 after the root gpu: 00000000000000ab 00000000000000ac")
    #expect(
      text[2] == """
          stored 5 × 4 after 00000000000000ff gpu: 00000000000000ab 00000000000000ac \
        00000000000000ad 00000000000000ae …
        """)
  }

  @Test func `groups, adapters, salts and odd shapes are told`() throws {
    let text = try lines([
      stored(1) {
        $0.tokens += $0.tokens
        $0.group = 1
        $0.specKind = "sliding_window"
        $0.slidingWindow = 64
        $0.loraName = "sql"
        $0.extraKeys = [[.text("sql"), .text("alice")]]
        $0.medium = "TAPE"
      }
    ])
    #expect(
      text[1] == """
          stored 1 × 4 (covering 8 tokens) after the root medium ? group 1 slidingWindow of 64 \
        lora sql extra keys in 1: 00000000000000ab
        """)
  }

  @Test func `removals and clears are told, and what was not understood is counted`() throws {
    var removed = RemovedBlocks(hashes: [.integer(1), .integer(2)])
    removed.medium = "CPU"
    let text = try lines([
      .removed(removed), .cleared,
      stored(1) { $0.extraKeys = [[.list([.list([.list([.list([])])])])]] },
    ])
    #expect(
      text.dropFirst() == [
        "  removed 2 cpu: 0000000000000001 0000000000000002", "  cleared",
        "  1 events not understood",
      ])
  }

  @Test func `token ids and salts are never told`() throws {
    let text = try lines([stored(4) { $0.extraKeys = [[.text("secret")], nil, nil, nil] }])
      .joined(separator: "\n")
    #expect(!text.contains("7700") && !text.contains("secret"))
  }
}

import KVIndexer
import Simulation
import Testing

@Suite struct ReplaySocketSnapshotTests {
  private func payload(_ events: [EngineEvent]) -> [UInt8] {
    EventEncoder(generation: .v032).encode(EngineBatch(timestamp: 1, events: events))
  }

  private let stored = EngineEvent.stored(
    StoredBlocks(hashes: [.integer(1)], parent: nil, tokens: Array(0..<16), blockSize: 16))

  /// What comes of frames that all resume at 7.
  private func read(
    _ payloads: [[UInt8]], bytesMax: Int = 1 << 20
  ) throws(CacheSnapshotError) -> CacheSnapshot? {
    var reader = ReplaySocketSnapshot(bytesMax: bytesMax)
    for payload in payloads {
      try payload.span.withUnsafeBytes { bytes throws(CacheSnapshotError) in
        try reader.append(bytes, resume: 7)
      }
    }
    return reader.finish()
  }

  @Test func `frames become a snapshot as they came`() throws {
    let payloads = [payload([.cleared, stored]), payload([stored])]
    let snapshot = try #require(try read(payloads))
    #expect(snapshot.resume == 7)
    #expect(snapshot.payloads == payloads)
    #expect(snapshot.byteCount == payloads[0].count + payloads[1].count)
  }

  @Test func `the end alone is none, and an empty cache is one`() throws {
    #expect(try read([]) == nil)
    #expect(try read([payload([.cleared])])?.payloads.count == 1)
  }

  @Test func `frames that contradict each other are none`() throws {
    var reader = ReplaySocketSnapshot(bytesMax: 1 << 20)
    try payload([.cleared]).withUnsafeBytes { try reader.append($0, resume: 7) }
    #expect(throws: CacheSnapshotError.resumesElsewhere) {
      try payload([stored]).withUnsafeBytes { try reader.append($0, resume: 8) }
    }
  }

  @Test func `the cache is emptied first, and only then`() {
    for events in [[[stored]], [[]], [[.cleared, stored, .cleared]], [[.cleared], [.cleared]]] {
      #expect(throws: CacheSnapshotError.misplacedClear) { try read(events.map { payload($0) }) }
    }
  }

  @Test func `what is not understood whole is none`() {
    let good = payload([.cleared, stored])
    #expect(throws: CacheSnapshotError.undecodable) { try read([Array(good.dropLast(3))]) }
    let odd = EngineEvent.stored(.init(hashes: [], parent: nil, tokens: [], blockSize: -1))
    #expect(throws: CacheSnapshotError.undecodable) { try read([payload([.cleared, odd])]) }
  }

  @Test func `it is bounded`() throws {
    let payloads = [payload([.cleared]), payload([stored]), payload([stored])]
    let size = payloads.reduce(0) { $0 + $1.count }
    #expect(try read(payloads, bytesMax: size) != nil)
    #expect(throws: CacheSnapshotError.tooLarge(bytesMax: size - 1)) {
      try read(payloads, bytesMax: size - 1)
    }
  }
}

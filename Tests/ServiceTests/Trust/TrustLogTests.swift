import KVIndexer
import Testing

@testable import Service

/// The log says how a source can be believed, and is not filled by one that changes all the time.
@Suite struct TrustLogTests {
  private static let second: UInt64 = 1_000_000_000

  private let lines = LogLines()
  private let fleet = SharedFleet(FleetIndex(hasher: BlockHasher(sharedKey: "trust log")))

  private func log() -> (TrustLog, SourceID) {
    let source = fleet.write { $0.addSource(SourceConfiguration(endpoint: "a", rank: 2)) }
    return (TrustLog(fleet: fleet, log: Log(to: { [lines] in lines.add($0) })), source)
  }

  private func set(_ state: TrackerState, of source: SourceID) {
    fleet.write { $0.setStream(state, of: source) }
  }

  @Test func `each change gets a line that says what to do, and no change gets none`() {
    let (log, source) = log()
    set(.live(.incomplete(.gap), replaying: false), of: source)
    for _ in 0..<3 { log.note(source, now: Self.second) }
    set(.live(.complete, replaying: false), of: source)
    for _ in 0..<3 { log.note(source, now: Self.second) }
    #expect(lines.all.count == 2)
    #expect(lines.all[0].contains("warning: a rank 2: degraded: gap: events were lost"))
    #expect(lines.all[1].hasSuffix("info: a rank 2: exact\n"))
  }

  @Test func `a source that flaps gets a line in ten seconds, which counts what it leaves out`() {
    let (log, source) = log()
    for step in 0..<1_000 {
      set(step % 2 == 0 ? .connecting : .live(.complete, replaying: false), of: source)
      log.note(source, now: Self.second + UInt64(step) * Self.second / 10)
    }
    // 100 seconds: eight at once, then one in ten seconds.
    #expect((16...18).contains(lines.all.count))
    #expect(lines.all.dropFirst(8).allSatisfy { $0.contains("changes before it are left out)") })
    let before = lines.all.count
    log.note(source, now: 500 * Self.second)
    #expect(lines.all.count == before + 1)
    #expect(lines.all.last?.contains("exact (") == true)
    log.note(source, now: 600 * Self.second)
    #expect(lines.all.count == before + 1)
  }

  @Test func `what happens to a source has an allowance of its own`() {
    let (log, source) = log()
    for _ in 0..<20 { log.say(.warning, of: source, now: Self.second, "something") }
    #expect(lines.all.count == 4)
    let (_, other) = self.log()
    log.say(.warning, of: other, now: Self.second, "something")
    #expect(lines.all.count == 5)
    log.note(source, now: Self.second)
    #expect(lines.all.count == 6)
    log.say(.warning, of: source, now: 60 * Self.second, "something else")
    #expect(lines.all.last?.contains("something else (16 lines before it are left out)") == true)
  }

  @Test func `states that pass by themselves get a line only when they last`() {
    let (log, source) = log()
    for state in [TrackerState.bootstrapping, .live(.complete, replaying: true)] {
      set(state, of: source)
      log.note(source, now: Self.second)
    }
    #expect(lines.all.isEmpty)
    log.note(source, lasts: true, now: Self.second)
    #expect(lines.all.count == 1 && lines.all[0].contains("info: a rank 2: lagging: "))
  }

  @Test func `a source that is gone is forgotten`() {
    let (log, source) = log()
    log.note(source, now: Self.second)
    fleet.write { $0.removeSource(source) }
    log.note(source, now: Self.second)
    let again = fleet.write { $0.addSource(SourceConfiguration(endpoint: "b")) }
    #expect(again == source)
    log.note(again, now: Self.second)
    #expect(lines.all.map { $0.contains("connecting") } == [true, true])
  }
}

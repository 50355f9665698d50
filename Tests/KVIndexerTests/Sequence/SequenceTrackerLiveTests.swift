import KVIndexer
import Testing

@Suite("Sequence tracker: gaps, restarts, losses")
struct SequenceTrackerLiveTests {
  @Test("A gap is filled by one replay from the last delivered message")
  func gap() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.live(5)
    harness.live(6)
    #expect(harness.requests == [2])
    #expect(harness.state == .live(.complete, replaying: true))
    harness.replayed(2...6)
    harness.end()
    #expect(harness.sequences == Array(0...6))
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("What the ring no longer has is a gap, and never asked for again")
  func unreachableGap() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.live(9)
    harness.replayed(7...9)
    harness.end()
    harness.live(10)
    #expect(harness.gaps == [3..<7])
    #expect(harness.requests == [2])
    #expect(harness.sequences == [0, 1, 2, 7, 8, 9, 10])
    #expect(harness.state == .live(.incomplete(.gap), replaying: false))
  }

  @Test("A gap that the answer does not mention is declared when it ends")
  func silentGap() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.live(5)
    harness.end()
    #expect(harness.gaps == [3..<5])
    #expect(harness.sequences == [0, 1, 2, 5])
    #expect(harness.requests == [2])
  }

  @Test("Without a replay endpoint a gap is declared at once and the rest applied")
  func gapWithoutReplay() {
    var harness = TrackerHarness(replay: false, delivered: 3)
    harness.live(5)
    #expect(harness.gaps == [3..<5])
    #expect(harness.sequences == [0, 1, 2, 5])
    #expect(harness.state == .live(.incomplete(.gap), replaying: false))
  }

  @Test("A second gap among held messages is asked for by a request of its own")
  func secondGap() {
    var harness = TrackerHarness(replay: true, delivered: 1)
    harness.live(2)
    harness.replayed(0...2)
    harness.live(3)
    harness.live(6)
    harness.end()
    #expect(harness.requests == [0, 3])
    harness.replayed(3...6)
    harness.end()
    #expect(harness.sequences == Array(0...6))
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("A live message seen before with the same payload is dropped")
  func duplicate() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.live(2)
    harness.live(1)
    #expect(harness.drops == [.duplicate, .duplicate])
    #expect(harness.incarnations == [])
  }

  @Test("A regression is a restart: clear, replay from 0, then the held message")
  func regression() {
    var harness = TrackerHarness(replay: true, delivered: 5)
    harness.live(1, life: 1)
    #expect(harness.incarnations == [.sequenceRegressed])
    #expect(harness.requests == [0])
    harness.replayed(0...1, life: 1)
    harness.end()
    #expect(
      harness.delivered == [Sighting(life: 1, sequence: 0), Sighting(life: 1, sequence: 1)])
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("Without a replay endpoint a regression to 0 is complete, to any other joined late")
  func regressionWithoutReplay() {
    var harness = TrackerHarness(replay: false, delivered: 5)
    harness.live(0, life: 1)
    #expect(harness.state == .live(.complete, replaying: false))
    harness.live(1, life: 1)
    harness.live(1, life: 2)
    #expect(harness.state == .live(.incomplete(.joinedLate), replaying: false))
    #expect(harness.delivered == [Sighting(life: 2, sequence: 1)])
    #expect(harness.incarnations == [.sequenceRegressed, .sequenceRegressed])
  }

  @Test("Live messages below the end of a replay are an overlap, not a restart")
  func overlap() {
    var harness = TrackerHarness(replay: true, connected: false)
    harness.connect()
    harness.replayed(0...2000)
    harness.end()
    harness.live(3)
    harness.live(4)
    harness.live(2000)
    harness.live(2001)
    #expect(harness.sequences == Array(0...2001))
    #expect(harness.incarnations == [])
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("A restart while messages are held back discards those of the old engine")
  func restartWhileHolding() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.live(5)
    harness.live(0, life: 1)
    #expect(harness.requests == [2, 0])
    harness.replayed([0], life: 1)
    harness.end()
    #expect(harness.delivered == [Sighting(life: 1, sequence: 0)])
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("A fill that shows another payload for the last message reveals a fast restart")
  func fastRestart() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.live(9, life: 1)
    harness.replayed([2], life: 1)
    #expect(harness.incarnations == [.historyDiffers])
    #expect(harness.requests == [2, 0])
    harness.replayed(0...9, life: 1)
    harness.end()
    #expect(harness.delivered == (0...9).map { Sighting(life: 1, sequence: $0) })
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("Regressions that follow each other closely ask at a bounded pace")
  func twoEngines() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    for round in 0..<50 { harness.live(round % 2 == 0 ? 1 : 100, life: 1 + round) }
    #expect(harness.requests.count == 1)
    #expect(harness.tracker.wakesAtNanoseconds != nil)
  }

  @Test("A replay endpoint of another engine is given up after a few contradictions")
  func foreignReplay() {
    var harness = TrackerHarness(replay: true, connected: false)
    harness.connect()
    harness.live(0)
    for _ in 0..<10 {
      harness.answer(0...3, life: 9)
      harness.tick()
    }
    harness.live(1)
    #expect(harness.requests.count == 3)
    #expect(harness.sequences == [0, 1])
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("A refused live message is asked for once more, after a pause")
  func overflowRecovered() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.refusals = 1
    harness.live(3)
    harness.live(4)
    #expect(harness.requests == [])
    harness.tick()
    #expect(harness.requests == [2])
    harness.replayed(2...4)
    harness.end()
    #expect(harness.sequences == Array(0...4))
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("A message refused again in the replay is lost by overflow")
  func overflowLost() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.refusals = 2
    harness.live(3)
    harness.tick()
    harness.replayed(2...3)
    harness.end()
    #expect(harness.gaps == [3..<4])
    #expect(harness.gapCauses == [.overflow])
    #expect(harness.requests == [2])
    harness.live(4)
    #expect(harness.state == .live(.incomplete(.overflow), replaying: false))
  }

  @Test("A message refused in a replay is asked for again, and what was behind it with it")
  func overflowInReplay() {
    var harness = TrackerHarness(replay: true, connected: false)
    harness.connect()
    harness.live(6)
    harness.replayed(0...1)
    harness.refusals = 1
    harness.replayed([2])
    #expect(harness.state == .bootstrapping)
    #expect(harness.cancelled == 1)
    harness.tick()
    #expect(harness.requests == [0, 1])
    harness.replayed(1...5)
    harness.end()
    #expect(harness.sequences == Array(0...6))
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("A held message that is refused while a replayed one waits for it is asked for again")
  func heldOverflowInReplay() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.live(4)
    harness.live(5)
    harness.replayed([2, 3])
    harness.refusals = 1
    harness.replayed([6])
    harness.tick()
    harness.replayed(3...6)
    harness.end()
    #expect(harness.gaps == [])
    #expect(harness.sequences == Array(0...6))
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("Of several refused messages each is asked for again once")
  func overflowOfSeveral() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.refusals = 3
    harness.live(3)
    harness.tick()
    harness.replayed([2])
    harness.replayed([3])
    #expect(harness.gaps == [3..<4])
    harness.replayed([4])
    #expect(harness.gaps == [3..<4])
    harness.tick()
    harness.replayed([4])
    harness.end()
    #expect(harness.requests == [2, 4])
    #expect(harness.sequences == [0, 1, 2, 4])
    #expect(harness.state == .live(.incomplete(.overflow), replaying: false))
  }

  @Test("A refused message that the ring no longer has is lost by overflow")
  func overflowUnreachable() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.refusals = 1
    harness.live(3)
    harness.tick()
    harness.end()
    #expect(harness.gapCauses == [.overflow])
    #expect(harness.state == .live(.incomplete(.overflow), replaying: false))
  }

  @Test("A lost last message is found by a check once the source is quiet, and others follow")
  func lostTail() {
    var harness = TrackerHarness(replay: true, quiet: 1_000, delivered: 3)
    #expect(harness.tracker.wakesAtNanoseconds == 1_000)
    harness.tick()
    #expect(harness.requests == [2])
    #expect(harness.state == .live(.complete, replaying: false))
    harness.answer(2...4)
    #expect(harness.sequences == Array(0...4))
    // Who has missed one may miss all: it is looked at again soon.
    #expect(harness.tracker.wakesAtNanoseconds == 1_166)
    harness.tick()
    harness.end()
    #expect(harness.state == .live(.complete, replaying: false))
    harness.live(5)
    #expect(harness.tracker.wakesAtNanoseconds == 2_166)
    harness.tick()
    harness.end()
    #expect(harness.tracker.wakesAtNanoseconds == nil)
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("A stream of which nothing is heard while the ring goes on is never up to date")
  func deaf() {
    var harness = TrackerHarness(replay: true, quiet: 1_000, delivered: 0)
    // Soon after the history came, then as long as the ring brings nothing once in a quiet time.
    var checkedAt: [UInt64] = []
    for _ in 0..<5 {
      checkedAt.append(harness.tracker.wakesAtNanoseconds ?? 0)
      harness.tick()
      harness.end()
    }
    #expect(checkedAt == [166, 1_166, 2_166, 3_166, 4_166])
    #expect(harness.state == .live(.complete, replaying: false))
    harness.tick()
    harness.answer(0...3)
    #expect(harness.tracker.wakesAtNanoseconds == 5_332)
    #expect(harness.state == .live(.complete, replaying: false))
    harness.tick()
    harness.answer(3...6)
    #expect(harness.state == .live(.complete, replaying: true))
    for _ in 0..<5 {
      harness.tick()
      harness.answer(6...6)
    }
    #expect(harness.sequences == Array(0...6))
    #expect(harness.state == .live(.complete, replaying: true))
    harness.live(7)
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("A live message ends a check, and is not held back by it")
  func liveDuringCheck() {
    var harness = TrackerHarness(replay: true, quiet: 1_000, delivered: 3)
    harness.tick()
    harness.live(3)
    #expect(harness.cancelled == 1)
    #expect(harness.sequences == Array(0...3))
    harness.tick()
    harness.live(5)
    #expect(harness.requests == [2, 3, 3])
    harness.answer(3...5)
    #expect(harness.sequences == Array(0...5))
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("A check that fails for good leaves the end unknown")
  func failedCheck() {
    var harness = TrackerHarness(replay: true, quiet: 1_000, delivered: 3)
    for _ in 0..<3 {
      harness.tick()
      harness.fail()
    }
    #expect(harness.state == .live(.incomplete(.replayFailed), replaying: false))
    harness.live(3)
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("Without a replay endpoint a refused message is lost at once")
  func overflowWithoutReplay() {
    var harness = TrackerHarness(replay: false, delivered: 3)
    harness.refusals = 1
    harness.live(3)
    #expect(harness.state == .live(.incomplete(.overflow), replaying: false))
    harness.live(4)
    #expect(harness.sequences == [0, 1, 2, 4])
  }

  @Test("An undecodable message makes the history incomplete; a later clear heals it")
  func undecodable() {
    var harness = TrackerHarness(replay: false, delivered: 5)
    harness.tracker.undecodable(3)
    harness.drain()
    #expect(harness.announced == .live(.incomplete(.undecodable), replaying: false))
    harness.tracker.historyCleared(at: 2)
    #expect(harness.state == .live(.incomplete(.undecodable), replaying: false))
    harness.tracker.historyCleared(at: 4)
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("A clear heals joined late and gaps before it, not a gap after it")
  func clearHeals() {
    var harness = TrackerHarness(replay: false)
    harness.live(10)
    harness.live(12)
    harness.tracker.historyCleared(at: 10)
    #expect(harness.state == .live(.incomplete(.gap), replaying: false))
    harness.live(13)
    harness.tracker.historyCleared(at: 13)
    #expect(harness.state == .live(.complete, replaying: false))
  }
}

import KVIndexer
import Testing

/// Trackers that go on where one of another process was.
@Suite struct SequenceTrackerRecordTests {
  private typealias Message = SequenceTracker.Record.Message

  private func digest(_ sequence: UInt64, life: UInt64 = 0) -> PayloadDigest {
    PayloadDigest(sequence &* 31 &+ life)
  }

  private func tracker(
    delivered: ClosedRange<UInt64>, history: History = .complete, hasReplay: Bool = true
  ) throws -> SequenceTracker {
    let record = try #require(
      SequenceTracker.Record(
        delivered: delivered.map { Message(sequence: $0, digest: digest($0)) }, history: history))
    return SequenceTracker(
      settings: SequenceTracker.Settings(hasReplay: hasReplay), restoring: record)
  }

  private func actions(_ tracker: inout SequenceTracker) -> [SequenceTracker.Action] {
    var actions: [SequenceTracker.Action] = []
    while let action = tracker.nextAction() { actions.append(action) }
    return actions
  }

  @Test(arguments: [History.complete, .incomplete(.joinedLate), .incomplete(.gap)])
  func `an engine that proves to be the same goes on with its history`(history: History) throws {
    var tracker = try tracker(delivered: 3...7, history: history)
    tracker.connected(now: 0)
    #expect(
      actions(&tracker) == [.requestReplay(from: 7), .state(.bootstrapping)])
    tracker.replayed(7, digest: digest(7), byteCount: 1, now: 0)
    #expect(
      actions(&tracker) == [
        .drop(.given, .duplicate), .state(.live(history, replaying: true)),
      ])
    tracker.replayed(8, digest: digest(8), byteCount: 1, now: 0)
    #expect(actions(&tracker) == [.deliver(8, .given)])
    tracker.replayEnded(now: 0)
    let state = SequenceTracker.Action.state(.live(history, replaying: false))
    #expect(actions(&tracker) == (history == .complete ? [state] : [.requestSnapshot, state]))
  }

  @Test func `another engine's message under the last sequence begins a new incarnation`() throws {
    var tracker = try tracker(delivered: 0...7)
    tracker.connected(now: 0)
    _ = actions(&tracker)
    tracker.replayed(7, digest: digest(7, life: 1), byteCount: 1, now: 0)
    let taken = actions(&tracker)
    #expect(taken.contains(.newIncarnation(.historyDiffers)))
    #expect(taken.contains(.requestReplay(from: 0)))
  }

  @Test func `a ring that does not reach back to the last message proves nothing`() throws {
    var tracker = try tracker(delivered: 0...7)
    tracker.connected(now: 0)
    _ = actions(&tracker)
    tracker.replayed(20, digest: digest(20), byteCount: 1, now: 0)
    #expect(actions(&tracker).first == .newIncarnation(.unproven))
    tracker.replayEnded(now: 0)
    #expect(
      actions(&tracker) == [
        .requestSnapshot, .state(.live(.incomplete(.joinedLate), replaying: false)),
      ])
  }

  @Test func `what a fence made void stays void in the next process`() throws {
    let fence = Message(sequence: 5, digest: digest(5))
    let record = try #require(
      SequenceTracker.Record(
        delivered: [fence, Message(sequence: 6, digest: digest(6))], history: .complete,
        fence: fence))
    var tracker = SequenceTracker(
      settings: SequenceTracker.Settings(hasReplay: true), restoring: record)
    #expect(tracker.fenceMessage == fence)
    tracker.connected(now: 0)
    _ = actions(&tracker)
    tracker.resync(.requested, now: 0)
    // Not from 0: what is below was emptied.
    #expect(actions(&tracker).contains(.requestReplay(from: 5)))
  }

  @Test func `without a replay endpoint nothing can be proved`() throws {
    var tracker = try tracker(delivered: 0...7, hasReplay: false)
    tracker.connected(now: 0)
    #expect(actions(&tracker).first == .newIncarnation(.unproven))
  }

  @Test func `records out of order are refused`() {
    let messages = [
      Message(sequence: 4, digest: digest(4)), Message(sequence: 4, digest: digest(4)),
    ]
    #expect(SequenceTracker.Record(delivered: messages, history: .complete) == nil)
    #expect(SequenceTracker.Record(delivered: [], history: .complete) == nil)
    let last = Message(sequence: .max - 1, digest: digest(0))
    #expect(SequenceTracker.Record(delivered: [last], history: .complete) == nil)
  }
}

/// Orders the messages of one source and knows how much of its history was delivered.
///
/// Messages come over two ways: live, each numbered from 0 by the engine process, and by replay
/// from a bounded ring that the engine keeps. The tracker decides for each message whether it is
/// delivered, held back or dropped, when a replay is asked for, and when a new life of the engine
/// (an incarnation) has begun, so that what was known of the old one must be cleared.
///
/// It is a value without clock, socket or payloads. The caller gives it one input, then takes
/// actions from `nextAction()` until there are none. Held payloads stay with the caller, in the
/// order of `.hold`; `.held` in an action means the oldest of them. A delivery that the consumer
/// refused is told by `lost(_:now:)` before the next action is taken.
///
/// ```
/// state          input                                   becomes, and does
/// -------------  --------------------------------------  ---------------------------------------
/// connecting,    connected, nothing delivered yet        bootstrapping; replay from 0
/// disconnected   connected, delivered up to L            bootstrapping; replay from L as a proof
///                the same without a replay endpoint      bootstrapping; new incarnation
///                live                                    as connected, then live
/// bootstrapping  live, a replay is open                  the same; held back
///                live, none open                         live: 0 complete, else joined late
///                replayed, from 0                        the same; delivered; a ring that begins
///                                                        late leaves the history joined late
///                ended, from 0                           live; held ones released; an empty
///                                                        answer: complete, nothing was published
///                replayed L, same digest                 live, replaying: proven
///                replayed L, other digest                new incarnation; replay from 0
///                ended without L                         new incarnation; replay from 0
///                replayed, begins after L                new incarnation, joined late
///                failed for good                         live; a proof fails: new incarnation
/// live           quiet for a while, then tick            the same; replay from L as a check,
///                                                        which the next live message ends
///                a check brought something, again        live, replaying, until a live message;
///                                                        checks go on
///                live = next                             delivered
///                live > next                             replaying from L; held back
///                the same without replay                 gap declared; delivered
///                live <= last live, same digest          dropped
///                live <= last live, otherwise            new incarnation; replay from 0
///                live < next, replays given up           new incarnation, joined late
///                lost                                    replaying from L after a pause, once
///                suspected                               bootstrapping; replay from L as a proof
/// live,          live                                    held back
///  replaying     replayed = next                         delivered
///                replayed > next                         held ones in between delivered first,
///                                                        the rest declared a gap
///                replayed < next, same digest            dropped
///                replayed < next, other digest           new incarnation; replay from 0
///                ended, failed for good                  live; what is still missing declared a
///                                                        gap; held ones released
/// any            disconnected                            disconnected; held ones discarded
///                resync                                  new incarnation; replay from 0, or from
///                                                        the fence as a proof
/// live           fence                                   live, complete; held ones discarded
/// ```
///
/// No lost range is asked for twice: when an answer has ended, everything missing below its end is
/// declared, and each further request is for messages above it. A failed exchange is tried again
/// `replayAttemptsMax` times in all, then replays are not used until the next connection.
///
/// A lost message shows only by the next one. So once after every burst, and after a connection,
/// the ring is asked whether there is anything after the last delivered message; and again, as long
/// as nothing was heard on the connection, or the ring has what was not (`isDeaf`). Where that may be
/// so, and after a history that came by replay alone, the next check is not far.
///
/// What the ring does not have a snapshot may: `SequenceTracker+Snapshot` has that part of the table.
///
/// A live sequence is compared with the live stream of the same connection, not with what was
/// delivered: live messages below a replay's end are an overlap, and a stream that goes backwards
/// is a restart. Overlaps are checked by digest as far back as `DigestWindow` reaches.
public struct SequenceTracker: Sendable {
  /// The settings of a tracker.
  public struct Settings: Sendable, Equatable {
    /// Whether the source has a replay endpoint.
    public var hasReplay: Bool
    public var heldMessagesMax = 16_384
    public var heldBytesMax = 64 << 20
    /// Requests for one replay, the first included, before it counts as failed.
    public var replayAttemptsMax = 3
    /// Before a second request; doubles with each further one.
    public var retryDelayNanoseconds: UInt64 = 500_000_000
    /// How long a source is quiet before its ring is asked for a lost last message; nil for never.
    public var quietNanoseconds: UInt64? = 3_000_000_000

    public init(hasReplay: Bool) { self.hasReplay = hasReplay }
  }

  enum Connection {
    case never
    case up
    case down(sinceNanoseconds: UInt64)
  }

  static let conflictsMax = 3

  let settings: Settings
  var connection = Connection.never
  /// A live message came before the notice of its connection, which is then no news.
  var isConnectionImplied = false
  var held = HeldMessages()
  var replay: ReplayExchange?
  var isReplayUsable = false
  /// How often a replay and the live stream of this connection contradicted each other.
  var conflicts = 0
  /// The last live message of this connection, delivered or not.
  var lastLive: TrackedMessage?
  /// A replayed message that waits until older held ones are delivered.
  var current: TrackedMessage?
  var lastRestartNanoseconds: UInt64?
  /// Messages up to this one are void; of the present engine process, not of the incarnation.
  var fence: TrackedMessage?
  /// When the end of the stream is to be checked, unless a message comes before.
  var checkAtNanoseconds: UInt64?
  /// What was the next sequence when the last check began.
  var checkedFrom: UInt64?
  /// Checks that brought something, since the last live message of this connection.
  var unheardChecks = 0
  /// The time of the last input.
  var now: UInt64 = 0

  // Of the present incarnation:

  /// The next sequence that is missing; nil until the beginning is known.
  var next: UInt64?
  var history: History?
  var delivered = DigestWindow()
  /// What the consumer refused last; asked for again once.
  var refused: UInt64?
  /// Above every sequence that is lost for good.
  var lossEnd: UInt64 = 0
  /// What is below does not matter, lost or not.
  var voidEnd: UInt64 = 0
  /// A replay failed: more may have been published than we saw.
  var isTailUnknown = false
  /// How often a snapshot was asked for, and when it may be again.
  var snapshotAttempts = 0
  var snapshotNotBeforeNanoseconds: UInt64 = 0

  var pending: [Action] = []
  var pendingHead = 0
  var announcedState = TrackerState.connecting

  public init(settings: Settings) { self.settings = settings }

  /// The state after all actions of the last input.
  public var state: TrackerState {
    switch connection {
    case .never: return .connecting
    case .down(let since): return .disconnected(sinceNanoseconds: since)
    case .up: break
    }
    if replay?.purpose == .bootstrap || replay?.purpose == .proof { return .bootstrapping }
    let isReplaying = replay?.purpose == .fill || !held.isEmpty || isDeaf
    switch history {
    case .incomplete(let cause): return .live(.incomplete(cause), replaying: isReplaying)
    case .complete where !isTailUnknown: return .live(.complete, replaying: isReplaying)
    case nil where !isTailUnknown: return .bootstrapping
    default: return .live(.incomplete(.replayFailed), replaying: isReplaying)
    }
  }

  /// When `tick(now:)` has something to do; nil when it has not.
  public var wakesAtNanoseconds: UInt64? {
    guard let replay else {
      return [checkAtNanoseconds, snapshotDueNanoseconds].compactMap { $0 }.min()
    }
    return replay.isRequested ? nil : replay.notBeforeNanoseconds
  }

  /// Takes the next thing to do, or nil when the last input is dealt with.
  public mutating func nextAction() -> Action? {
    while true {
      if pendingHead < pending.count {
        switch pending[pendingHead] {
        case .deliver, .takeSnapshot: if let change = stateChange() { return change }
        default: break
        }
        defer { pendingHead += 1 }
        return pending[pendingHead]
      }
      pending.removeAll(keepingCapacity: true)
      pendingHead = 0
      if !step() { return stateChange() }
    }
  }

  private mutating func stateChange() -> Action? {
    let state = self.state
    guard state != announcedState else { return nil }
    announcedState = state
    return .state(state)
  }

  /// Deals with one message that waits, and says whether there was one that could move.
  private mutating func step() -> Bool {
    if let message = current {
      if let front = held.first, front.sequence < message.sequence {
        apply(front, .held)
      } else {
        current = nil
        apply(message, .given, replayed: true)
      }
      return true
    }
    guard replay == nil else { return false }
    guard let front = held.first else { return fetchUnheldTail() || askForSnapshot() }
    if let next, front.sequence > next, isReplayUsable {
      startReplay(.fill, owed: next..<front.sequence, cause: gapCause, at: now)
    } else {
      apply(front, .held)
    }
    return true
  }

  /// Asks for the live messages that found no room among the held ones.
  private mutating func fetchUnheldTail() -> Bool {
    guard let lastLive, let next, lastLive.sequence >= next else { return false }
    let owed = next..<(lastLive.sequence + 1)
    if isReplayUsable {
      startReplay(.fill, owed: owed, cause: .overflow, at: now)
    } else {
      declareGap(owed, .overflow)
    }
    return true
  }
}

/// How far the index has applied the stream of a source.
///
/// The tracker of the source runs ahead of it by what waits in the queue. Applied messages come in
/// order, so they tell by themselves what is missing among them.
struct AppliedStream: Sendable {
  /// Messages whose digests are kept: the last one proves the engine, the others show overlaps.
  private static let messagesMax = 8

  private var delivered: [SequenceTracker.Record.Message] = []
  private var history = History.complete
  private var fence: SequenceTracker.Record.Message?

  init() {}

  /// A stream whose messages up to `fence` are void.
  init(fence: SequenceTracker.Record.Message) {
    delivered = [fence]
    self.fence = fence
  }

  init(_ record: SequenceTracker.Record) {
    delivered = record.delivered
    history = record.history
    fence = record.fence
  }

  var record: SequenceTracker.Record? {
    SequenceTracker.Record(delivered: delivered, history: history, fence: fence)
  }

  /// Takes note of a message that was applied, or that made no sense.
  mutating func note(
    _ message: SequenceTracker.Record.Message, isUndecodable: Bool, isCleared: Bool
  ) {
    if let last = delivered.last {
      guard message.sequence > last.sequence else { return }
      if message.sequence > last.sequence + 1 { miss(.gap) }
    } else if message.sequence > 0 {
      miss(.joinedLate)
    }
    if delivered.count == Self.messagesMax { delivered.removeFirst() }
    delivered.append(message)
    if isUndecodable { miss(.undecodable) }
    if isCleared { history = .complete }
  }

  /// Takes over that the tracker knows the whole history again: it was told so otherwise.
  mutating func note(_ state: TrackerState) {
    if case .live(.complete, _) = state, history != .incomplete(.undecodable) {
      history = .complete
    }
  }

  /// A missing beginning hides blocks; any other loss may hide removals, so it is named instead.
  private mutating func miss(_ cause: IncompleteCause) {
    switch history {
    case .incomplete(let earlier) where earlier != .joinedLate: break
    default: history = .incomplete(cause)
    }
  }
}

extension FleetIndex {
  /// Takes note of a message whose events are applied; to be called in order.
  ///
  /// - Parameter isCleared: What `apply` said of it.
  public mutating func noteApplied(
    _ message: SequenceTracker.Record.Message, isUndecodable: Bool = false, isCleared: Bool,
    of id: SourceID, incarnation: Incarnation
  ) {
    guard let source = source(id), source.incarnation == incarnation else { return }
    applied[id, default: AppliedStream()].note(
      message, isUndecodable: isUndecodable, isCleared: isCleared)
  }

  /// Takes note that everything up to a message is void, and what it left behind is dropped.
  public mutating func noteFence(
    _ message: SequenceTracker.Record.Message, of id: SourceID, incarnation: Incarnation
  ) {
    guard let source = source(id), source.incarnation == incarnation else { return }
    applied[id] = AppliedStream(fence: message)
  }

  /// How far the stream of a source is applied; nil when nothing of it is, in this incarnation.
  public func record(of id: SourceID) -> SequenceTracker.Record? { applied[id]?.record }

  /// What the subscription of a source goes on from; nil where nothing of its stream is applied.
  public func restoredStream(of id: SourceID) -> RestoredStream? {
    guard let source = source(id), let record = record(of: id) else { return nil }
    return RestoredStream(record: record, incarnation: source.incarnation)
  }
}

/// What was applied of a source's stream before anybody subscribed to it in this process.
public struct RestoredStream: Sendable, Equatable {
  public var record: SequenceTracker.Record
  public var incarnation: Incarnation
}

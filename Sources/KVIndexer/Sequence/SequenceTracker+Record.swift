extension SequenceTracker {
  /// What proves that an engine is the one that was followed, and where to go on.
  public struct Record: Sendable, Equatable {
    /// One message that was delivered and applied.
    public struct Message: Sendable, Equatable {
      public var sequence: UInt64
      public var digest: PayloadDigest

      public init(sequence: UInt64, digest: PayloadDigest) {
        self.sequence = sequence
        self.digest = digest
      }
    }

    /// The last ones, ascending; at least one.
    public let delivered: [Message]
    /// What was known of everything up to the last one.
    public let history: History
    /// The message up to which everything is void, as somebody vouched: see `fence(now:)`.
    public let fence: Message?

    /// Nil where the messages do not ascend, no sequence can follow them, or the fence is behind.
    public init?(delivered: [Message], history: History, fence: Message? = nil) {
      guard let last = delivered.last, last.sequence < UInt64.max - 1,
        zip(delivered, delivered.dropFirst()).allSatisfy({ $0.sequence < $1.sequence }),
        fence.map({ $0.sequence <= last.sequence }) ?? true
      else { return nil }
      self.delivered = delivered
      self.history = history
      self.fence = fence
    }

    /// The first sequence that was not delivered.
    public var next: UInt64 { (delivered.last?.sequence ?? 0) + 1 }
  }

  /// The message that the last fence was set at; nil without one.
  public var fenceMessage: Record.Message? {
    fence.map { Record.Message(sequence: $0.sequence, digest: $0.digest) }
  }

  /// A tracker that goes on where another one was, of a process that is gone perhaps.
  ///
  /// It behaves as after a lost connection: the engine has to prove by its ring that it is the one
  /// of the record, else a new incarnation begins.
  public init(settings: Settings, restoring record: Record) {
    self.init(settings: settings)
    for message in record.delivered { delivered.record(message.sequence, message.digest) }
    next = record.next
    history = record.history
    // Where something is missing, it is anywhere below.
    if record.history != .complete { lossEnd = record.next }
    if let message = record.fence {
      fence = TrackedMessage(sequence: message.sequence, digest: message.digest, byteCount: 0)
      voidEnd = message.sequence + 1
    }
  }
}

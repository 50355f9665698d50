extension SequenceTracker {
  /// Where the payload of a message is.
  public enum Origin: Sendable, Equatable {
    /// It came with the last input.
    case given
    /// It is the oldest that is held back, and leaves the queue by this action.
    case held
  }

  /// Why a message is dropped.
  public enum DropReason: Sendable, Equatable, CaseIterable {
    /// It was delivered before, or its range is declared lost.
    case duplicate
    /// It belongs to an exchange or an incarnation that is over.
    case stale
    /// Too much is held back already.
    case holdFull
    /// Its sequence is the end marker.
    case notData
  }

  /// Something for the caller to do, in order.
  public enum Action: Sendable, Equatable {
    case deliver(UInt64, Origin)
    /// Keep the given message behind all others that are held back.
    case hold
    case drop(Origin, DropReason)
    /// Drop all messages that are held back.
    case discardHeld
    /// Ask the engine for all it has from this sequence on, in place of any exchange still open.
    case requestReplay(from: UInt64)
    /// Ask the engine for a snapshot; `snapshotReceived`, `replayEnded` or `replayFailed` follows.
    case requestSnapshot
    /// Close the open exchange.
    case cancelReplay
    /// Clear everything known of the source before the next delivery.
    case newIncarnation(IncarnationCause)
    /// Clear everything known of the source and apply the snapshot that was received, which contains
    /// everything up to this message.
    case takeSnapshot(Record.Message)
    /// These sequences are lost for good.
    case declareGap(Range<UInt64>, IncompleteCause)
    case state(TrackerState)
  }
}

/// One request for a replay and its answer.
struct ReplayExchange: Sendable {
  enum Purpose: Equatable {
    /// To learn a history from its beginning.
    case bootstrap
    /// To prove after a reconnection that the engine still has what was delivered last.
    case proof
    /// To fetch what was missed.
    case fill
    /// To learn whether anything was missed that no later message has shown yet.
    case check
    /// To have the engine tell all that it caches.
    case snapshot
    /// To prove that the snapshot which has come is the engine's, and fetch what came after it.
    case takeOver(resume: UInt64, isProven: Bool)
  }

  var purpose: Purpose
  /// What the answer must bring; declared lost for `cause` when it does not.
  var owed: Range<UInt64>?
  var cause: IncompleteCause
  var attempts = 0
  var isRequested = false
  var notBeforeNanoseconds: UInt64
}

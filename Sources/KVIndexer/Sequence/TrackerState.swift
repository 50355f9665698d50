/// What is known of a source's stream, as consumers see it.
public enum TrackerState: Hashable, Sendable {
  /// No connection has been made yet. Becomes `.bootstrapping`.
  case connecting
  /// Connected; what the source holds is not known, or not proven to be still true.
  ///
  /// Becomes `.live` or `.disconnected`.
  case bootstrapping
  /// Messages are applied in order. While `replaying`, later ones are held back.
  ///
  /// Becomes `.bootstrapping` when the engine restarts, or `.disconnected`.
  case live(History, replaying: Bool)
  /// The connection was lost at this instant. Becomes `.bootstrapping` on the next connection.
  case disconnected(sinceNanoseconds: UInt64)
}

/// How much of the present incarnation's history has been delivered.
public enum History: Hashable, Sendable {
  /// Everything from sequence 0, in order, once each; or everything since the cache was emptied.
  case complete
  case incomplete(IncompleteCause)
}

/// Why a history is incomplete.
public enum IncompleteCause: Hashable, Sendable, CaseIterable {
  /// The beginning is out of reach: blocks may be resident that we don't know.
  case joinedLate
  /// Messages in the middle are out of reach: removals may be among them.
  case gap
  /// Our own queue refused messages, and a replay did not bring them back.
  case overflow
  /// A payload could not be decoded.
  case undecodable
  /// A replay failed, so the end of the history is unknown until the next live message.
  case replayFailed

  /// The name that metrics use.
  public var name: String {
    switch self {
    case .joinedLate: "joined_late"
    case .gap: "gap"
    case .overflow: "overflow"
    case .undecodable: "undecodable"
    case .replayFailed: "replay_failed"
    }
  }
}

/// What showed that the engine's cache is another one than before.
public enum IncarnationCause: Hashable, Sendable, CaseIterable {
  /// A live sequence went backwards.
  case sequenceRegressed
  /// A replay did not contain what had been delivered.
  case historyDiffers
  /// After a reconnection nothing proved that the engine is still the same.
  case unproven
  /// Somebody asked for it.
  case requested
  /// What was known of the engine's cache contradicted what it reused.
  case drifted
  /// The connection was down for so long that the engine is taken for dead.
  case abandoned

  /// Whether the engine is another process; with the other causes it may be the same one.
  public var provesRestart: Bool {
    switch self {
    case .sequenceRegressed, .historyDiffers: true
    case .unproven, .requested, .drifted, .abandoned: false
    }
  }

  /// The name that metrics use.
  public var name: String {
    switch self {
    case .sequenceRegressed: "sequence_regressed"
    case .historyDiffers: "history_differs"
    case .unproven: "unproven"
    case .requested: "requested"
    case .drifted: "drifted"
    case .abandoned: "abandoned"
    }
  }
}

/// What the audit found out about a source.
package enum AuditFinding: String, MetricLabel {
  /// The engine reused less than was predicted, time and again.
  case overPredicted = "over_predicted"
  /// The engine reused more than was predicted, time and again.
  case underPredicted = "under_predicted"
  /// More blocks are known than the engine has room for.
  case tooManyBlocks = "too_many_blocks"
  /// The engine reuses prompts of which none is found among the blocks of its events.
  case keysDiffer = "keys_differ"
  /// Prompts are found again.
  case keysAgree = "keys_agree"
  /// Events were lost, and nothing brought them back.
  case eventsLost = "events_lost"
  /// The engine sleeps, by which its cache is empty.
  case slept
  /// A source that was joined late knows all that its engine can hold.
  case historyKnown = "history_known"

  package static let labelName = "finding"

  /// Whether something is wrong, and not mended.
  var isFault: Bool {
    switch self {
    case .overPredicted, .underPredicted, .tooManyBlocks, .keysDiffer, .eventsLost: true
    case .keysAgree, .slept, .historyKnown: false
    }
  }

  /// What it is, as the log says it.
  var sentence: String {
    switch self {
    case .overPredicted: "the engine reuses less, time and again, than its events say it holds"
    case .underPredicted: "the engine reuses more, time and again, than its events say it holds"
    case .tooManyBlocks: "its events say that the engine holds more blocks than it has room for"
    case .keysDiffer:
      "the engine reuses prompts of which none is found among the blocks of its events; compare "
        + "tokenizer, chat template and LoRA names"
    case .keysAgree: "prompts are found again among the blocks of its events"
    case .eventsLost: "events were lost, and what they said of its blocks can't be known any more"
    case .slept: "the engine sleeps and holds nothing any more"
    case .historyKnown:
      "since it was joined its engine has announced as many blocks as it has room for, so that "
        + "what it holds is known"
    }
  }
}

/// What `/v1/sources` tells of the audit of one source.
struct AuditNote: Sendable {
  var finding: AuditFinding
  /// Seconds since 1970.
  var time: Double
}

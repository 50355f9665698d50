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
}

/// What `/v1/sources` tells of the audit of one source.
struct AuditNote: Sendable {
  var finding: AuditFinding
  /// Seconds since 1970.
  var time: Double
}

/// Why an engine reused another number of tokens than was predicted.
package enum ErrorCause: String, MetricLabel {
  /// It held more than its events had told by then.
  case eventsLagging = "events_lagging"
  /// A request that was sent there before did not leave what it was expected to.
  case reservationUnfulfilled = "reservation_unfulfilled"
  /// It dropped a block between the prediction and the request.
  case evictedSince = "evicted_since"
  /// It emptied its whole cache, or was restarted, between the prediction and the request.
  case emptied
  /// Its events were incomplete, or not there, when the prediction was made.
  case sourceNotExact = "source_not_exact"
  /// The prompt's tokens were not known.
  case estimatedTokens = "estimated_tokens"
  /// The prediction was made without its events: it has none, or nobody looked at them.
  case notFollowed = "not_followed"
  case unknown

  package static let labelName = "cause"
}

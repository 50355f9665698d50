/// How the tokens of a prompt were obtained.
package enum TokensOrigin: String, MetricLabel {
  /// The request held them.
  case given
  /// A renderer was asked.
  case rendered
  /// A renderer was asked for the same prompt before.
  case cached
  /// They could not be had in time: only their number is known, and that roughly.
  case estimated

  package static let labelName = "tokens_from"
}

/// Whether the ring has messages that the live stream has not brought.
///
/// One is easily lost: the last before a rest, or one that was published while the subscription was
/// on its way. But a stream of which nothing is heard while the ring goes on is not heard at all:
/// another topic is asked for, or another engine listened to.
extension SequenceTracker {
  /// Checks in a row that brought something of which nothing was heard, until the live stream counts
  /// as not heard.
  private static let deafChecksMin = 2

  /// Whether messages come by replays only: what is known is never newer than the last check.
  public var isDeaf: Bool { unheardChecks >= Self.deafChecksMin }

  /// Has the end of the stream checked once it was quiet for a while.
  mutating func checkLater() {
    guard isReplayUsable, let quiet = settings.quietNanoseconds else { return }
    checkAtNanoseconds = now &+ quiet
  }

  mutating func startCheck() {
    checkAtNanoseconds = nil
    checkedFrom = next
    startReplay(.check, at: now)
  }

  /// Takes note that a check has ended; where nothing proves that the live stream is heard, another
  /// one follows.
  mutating func noteCheck() {
    if next != checkedFrom { unheardChecks += 1 }
    if lastLive == nil || unheardChecks > 0 { checkLater() }
  }
}

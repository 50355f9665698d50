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

  /// A check that may show that the stream is not heard comes after this part of the quiet time.
  private static let suspicionsPerQuiet: UInt64 = 6

  /// Has the end of the stream checked once it was quiet for a while.
  ///
  /// - Parameter isSuspect: Whether the stream may be one of which nothing is heard: a shorter while.
  mutating func checkLater(isSuspect: Bool = false) {
    guard isReplayUsable, let quiet = settings.quietNanoseconds else { return }
    checkAtNanoseconds = now &+ (isSuspect ? quiet / Self.suspicionsPerQuiet : quiet)
  }

  mutating func startCheck() {
    checkAtNanoseconds = nil
    checkedFrom = next
    startReplay(.check, at: now)
  }

  /// Takes note that a check has ended; where nothing proves that the live stream is heard, another
  /// one follows.
  mutating func noteCheck() {
    let hasBrought = next != checkedFrom
    if hasBrought { unheardChecks += 1 }
    if lastLive == nil || unheardChecks > 0 { checkLater(isSuspect: hasBrought) }
  }
}

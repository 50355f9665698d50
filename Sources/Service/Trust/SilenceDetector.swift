/// Finds out that an engine fills blocks of which it announces nothing.
///
/// Silence alone proves nothing: an idle engine announces nothing either. What proves it are the
/// engine's own counters. `R` requests that computed `U` tokens between two reads of its metrics
/// have filled a block of `B` tokens if `U > R × (B - 1)`, for each begins where a block begins. When
/// no event has come from before the first of those reads until some time after the last, the
/// events are not sent, or do not get here.
struct SilenceDetector {
  /// One read of an engine's metrics, and what its event streams were like then.
  struct Sight: Equatable {
    /// Monotonic nanoseconds, as all times here.
    var readAt: UInt64
    var report: EngineReport
    /// When the last event came, of any rank; nil for never.
    var eventAt: UInt64?
    /// Tokens a block; the largest of those that are known.
    var blockSize: Int
  }

  /// How long after the proof an event may still come.
  let patience: UInt64
  /// Counters may be read this much later than the events of what they count.
  private static let skew: UInt64 = 2_000_000_000

  private var base: Sight?
  private var provenAt: UInt64?

  init(patience: Duration) { self.patience = patience.wholeNanoseconds }

  /// Forgets what was read: the streams are down, or there are no numbers.
  mutating func reset() {
    base = nil
    provenAt = nil
  }

  /// Takes the latest read, again if need be, and says whether the engine is silent.
  mutating func isSilent(_ sight: Sight, now: UInt64) -> Bool {
    guard let base, sight.report.startTime == base.report.startTime,
      !Self.came(sight.eventAt, since: base)
    else {
      self.base = sight.isUsableAsBase ? sight : nil
      provenAt = nil
      return false
    }
    if provenAt == nil, sight.readAt != base.readAt {
      guard let filled = Self.hasFilledBlocks(from: base, to: sight) else {
        self.base = sight.isUsableAsBase ? sight : nil
        return false
      }
      if filled { provenAt = sight.readAt }
    }
    return provenAt.map { now >= $0 &+ patience } ?? false
  }

  private static func came(_ event: UInt64?, since base: Sight) -> Bool {
    guard let event else { return false }
    return event &+ skew > base.readAt
  }

  /// Whether blocks must have been filled in between; nil when the counters went backwards.
  private static func hasFilledBlocks(from base: Sight, to sight: Sight) -> Bool? {
    guard let computed = sight.report.computedOrMissed, let before = base.report.computedOrMissed,
      let finished = sight.report.finishedRequests, let began = base.report.finishedRequests,
      finished >= began
    else { return nil }
    if sight.report.computedTokens != nil, computed < before { return nil }
    // Those that still run have computed their prompts, too.
    let requests = finished - began + (sight.report.runningRequests ?? 0)
    let size = sight.blockSize
    return computed - before > requests * (size - 1) + size
  }
}

extension SilenceDetector.Sight {
  /// Where an engine does not say what it computed, prompts less hits stand for it: hits are counted
  /// when a request begins and prompts when it is read, so only while nothing runs they agree.
  fileprivate var isUsableAsBase: Bool {
    report.finishedRequests != nil
      && (report.computedTokens != nil
        || report.computedOrMissed != nil && report.runningRequests == 0)
  }
}

extension EngineReport {
  /// Tokens of prompts that the engine computed, or did not find in its cache.
  fileprivate var computedOrMissed: Int? {
    if let computedTokens { return computedTokens }
    guard let promptTokens, let cacheHits else { return nil }
    return promptTokens - cacheHits
  }
}

import KVIndexer

/// What was predicted, what came of it, and why it was not the same.
///
/// It is told of decisions after they were answered, and of deliveries after they were passed on:
/// nothing here delays a request.
package final class Insight: Sendable {
  /// Wrong predictions that wait for events to explain them.
  private static let unexplainedMax = 1024
  /// How long events may be under way after a response, in nanoseconds.
  private static let patience: UInt64 = 300_000_000

  package let log: DecisionLog
  package let comparison: ShadowComparison
  /// Reports by how they were taken.
  let reports = Labelled<FeedbackOutcome, Counter> { Counter() }
  let hasher: BlockHasher
  private let classifier: ErrorClassifier
  /// Who draws consequences of deliveries; nil when nobody does.
  private let auditor: SourceAuditor?
  private let lock = Lock()
  /// Under the lock; ascending by when they are due.
  nonisolated(unsafe) private var unexplained: [(entry: DecisionLog.Entry, due: UInt64)] = []

  init(
    fleet: SharedFleet, routing: ShadowComparison.Routing = .precise,
    limits: DecisionLog.Limits = DecisionLog.Limits(), auditor: SourceAuditor? = nil
  ) {
    log = DecisionLog(limits: limits)
    comparison = ShadowComparison(routing: routing)
    hasher = fleet.hasher
    classifier = ErrorClassifier(fleet: fleet)
    self.auditor = auditor
  }

  /// Remembers a decision.
  func made(_ decision: Decision, _ evidence: PredictionEvidence?) -> DecisionLog.Entry {
    log.append(decision, evidence)
  }

  /// Notes how a request ended, and what was delivered, once.
  ///
  /// - Parameter endpoint: Who delivered, where that was not the picker's to say.
  /// - Returns: The decision as it is now; nil when a delivery was told before.
  @discardableResult
  func ended(
    _ entry: DecisionLog.Entry, _ status: Decision.Status, _ delivery: Decision.Delivery?,
    by endpoint: Int? = nil
  ) -> Decision? {
    let settled = log.update(entry) {
      decision, evidence -> (decision: Decision, evidence: PredictionEvidence?)? in
      guard decision.delivery == nil, decision.status != .refused else { return nil }
      decision.status = status
      decision.delivery = delivery
      if let endpoint { decision.picked = endpoint }
      // A report may still come of what was only not seen.
      let isOpen = delivery == nil && (status == .completed || status == .unobserved)
      defer { if !isOpen { evidence = nil } }
      return (decision, evidence)
    }
    guard let settled else { return nil }
    guard delivery != nil else { return settled.decision }
    comparison.add(settled.decision)
    return explain(entry, settled.decision, settled.evidence)
  }

  /// Finds out why a prediction was wrong, now or when more events have come.
  private func explain(
    _ entry: DecisionLog.Entry, _ decision: Decision, _ evidence: PredictionEvidence?
  ) -> Decision {
    var decision = decision
    decision.cause = classifier.cause(of: decision, evidence)
    guard let cause = decision.cause else {
      auditor?.delivered(decision, evidence)
      return decision
    }
    let waits =
      cause == .unknown && evidence != nil
      && lock.withLock {
        guard unexplained.count < Self.unexplainedMax else { return false }
        unexplained.append((entry, MonotonicClock.nowNanoseconds() &+ Self.patience))
        return true
      }
    log.update(entry) { kept, keptEvidence in
      kept.cause = cause
      keptEvidence = waits ? evidence : nil
    }
    // Without a second look an unknown cause proves nothing.
    if !waits { settled(cause, decision, cause == .unknown ? nil : evidence) }
    return decision
  }

  /// Takes what is the last word on a wrong prediction.
  private func settled(
    _ cause: ErrorCause, _ decision: Decision, _ evidence: PredictionEvidence?
  ) {
    auditor?.delivered(decision, evidence)
    if let endpoint = decision.target?.endpoint { comparison.add(cause, on: endpoint) }
  }

  /// Looks again at what could not be explained before; to be called now and then.
  func tick(now: UInt64) {
    let due = lock.withLock {
      let count = unexplained.firstIndex { $0.due > now } ?? unexplained.count
      defer { unexplained.removeFirst(count) }
      return Array(unexplained[..<count])
    }
    for (entry, _) in due {
      var (decision, evidence) = log.read(entry)
      let cause = classifier.cause(of: decision, evidence) ?? .unknown
      log.update(entry) { kept, keptEvidence in
        kept.cause = cause
        keptEvidence = nil
      }
      decision.cause = cause
      settled(cause, decision, evidence)
    }
  }
}

import KVIndexer

/// What deliveries tell of the sources that they were predicted from.
///
/// Which of an endpoint's ranks served a request is the engine's choice and not told. The prediction
/// is the best rank's, so an endpoint of several ranks may deliver less than that and be right; only
/// where it delivers more than any rank is known to hold, something is missing, and from none of the
/// ranks can it be ruled out.
extension SourceAuditor {
  /// Batches that wait to be applied while the index still counts as up to date.
  private static let backlogMax = 1_000

  /// Takes a delivery whose error, if it had one, is explained as far as it will be.
  func delivered(_ decision: Decision, _ evidence: PredictionEvidence?) {
    guard let evidence, let picked = decision.picked, let target = decision.target,
      let delivery = decision.delivery, !decision.receivesBlocks
    else { return }
    let member = evidence.members[picked]
    guard target.basis == .precise(.exact) else {
      return lookFor(evidence.prompt, delivery.cachedTokens, at: member)
    }
    guard decision.cause == nil || decision.cause == .unknown && !isBehind else { return }
    let isSeveral = member.sources.count > 1
    let predicted = Int(target.predictedTokens)
    if isSeveral, delivery.cachedTokens < predicted { return }
    let now = MonotonicClock.nowNanoseconds()
    for source in member.sources {
      guard let audited = fleet.read({ $0.audited(source.id) }), audited.trust == .exact,
        let blockSize = audited.blockSize
      else { continue }
      let observation = SourceAudit.Observation(
        predictedTokens: predicted, deliveredTokens: delivery.cachedTokens, blockSize: blockSize)
      if let verdict = change(source, member, audited, { $0.audit.observe(observation) }) {
        take(verdict, source, member, audited, now)
      }
    }
  }

  /// Whether so many events wait to be applied that they may explain what nothing does yet.
  private var isBehind: Bool { queue.statistics.deliveries > Self.backlogMax }

  private func take(
    _ verdict: SourceAudit.Verdict, _ source: FleetMembership.Subscribed,
    _ member: FleetMembership.Member, _ audited: AuditedSource, _ now: UInt64
  ) {
    switch verdict {
    case .overPredicted: doubt(source, member, audited, .overPredicted, now)
    case .underPredicted: doubt(source, member, audited, .underPredicted, now)
    // Where nothing is known, nothing can be found.
    case .keysDiffer where audited.knownBlocks == 0:
      doubt(source, member, audited, .underPredicted, now)
    case .keysDiffer:
      fleet.write { $0.setFinding(.mismatched(.keys), of: source.id) }
      tell(
        .keysDiffer, source, member, audited, "; nothing is credited until they are found again")
    case .keysAgree:
      fleet.write { $0.setFinding(nil, of: source.id) }
      tell(.keysAgree, source, member, audited)
    }
  }

  /// Looks whether a prompt that was just served is found, at sources of which nothing is credited
  /// because prompts were not.
  private func lookFor(
    _ prompt: HashedPrompt, _ cachedTokens: Int, at member: FleetMembership.Member
  ) {
    for source in member.sources {
      guard let audited = fleet.read({ $0.audited(source.id) }),
        audited.trust == .mismatched(.keys), let blockSize = audited.blockSize,
        cachedTokens >= blockSize
      else { continue }
      let isFound = fleet.read {
        $0.holds(block: cachedTokens / blockSize - 1, of: prompt.keys, source: source.id)
      }
      if let verdict = change(source, member, audited, { $0.audit.observe(isFound: isFound) }) {
        take(verdict, source, member, audited, MonotonicClock.nowNanoseconds())
      }
    }
  }
}

/// Why a match ends where it does.
extension FleetIndex {
  /// Says for every source of `model` what it would reuse of a prompt, and why not more.
  ///
  /// - Parameter matches: Working memory; afterwards what `match` leaves there.
  /// - Complexity: as `match` twice, and one scan of the remembered losses.
  public func explain(
    _ prompt: borrowing PromptKeys, model: String, matches: inout FleetMatches
  ) -> [SourceExplanation] {
    match(prompt, model: model, into: &matches)
    var found: [SourceExplanation] = []
    for case let source? in sources where source.endpoint != nil {
      guard let match = matches[source.id] else { continue }
      found.append(outcome(match, of: source, tokens: prompt.tokenCount))
    }
    var keys: [Int: BlockKey] = [:]
    for (namespace, range) in prompt.ranges where !range.isEmpty {
      let first = UnsafePointer(prompt.keys.pointer(at: range.lowerBound))
      index.match(first, count: range.count, into: &matches.depths)
      for position in found.indices {
        guard let missing = found[position].missing,
          let source = source(found[position].source), source.trust.credits,
          source.configuration.model == namespace.model,
          found[position].blockSize == namespace.blockSize
        else { continue }
        guard let main = source.mainGroup else {
          // A new process that has announced no block yet: the old one may have lost it.
          keys[position] = BlockKey(first[missing.block])
          continue
        }
        let walked = missingBlock(
          source, main, missing.block, found[position].usableBlocks, matches.depths)
        found[position].missing = walked.block
        if !walked.isSettled { keys[position] = BlockKey(first[walked.block.block]) }
      }
    }
    findLosses(of: keys, in: &found)
    return found.sorted { ($0.endpoint, $0.match.rank) < ($1.endpoint, $1.match.rank) }
  }

  /// What a match comes to, and of the first missing block what is known without a look at it.
  private func outcome(
    _ match: PrefixMatch, of source: Source, tokens: Int
  ) -> SourceExplanation {
    let blockSize = source.blockSize ?? source.configuration.blockSize
    var explanation = explanation(of: source, nil, tokens: tokens)
    explanation.match = match
    explanation.blockSize = blockSize
    explanation.usableBlocks = blockSize.map { max(tokens - 1, 0) / $0 } ?? 0
    let matched = match.matchedTokens / max(blockSize ?? 1, 1)
    if blockSize == nil || matched < explanation.usableBlocks {
      explanation.missing = MissingBlock(
        block: source.trust.credits ? matched : 0, cause: unknownPast(source))
    }
    return explanation
  }

  /// The first block that is not reused and, unless it takes the remembered losses, why.
  private func missingBlock(
    _ source: Source, _ main: Int, _ matched: Int, _ usable: Int, _ buffer: borrowing MatchBuffer
  ) -> (block: MissingBlock, isSettled: Bool) {
    let lanes = source.groups[main].lanes
    let reach = min(self.reach(source.groups[main], buffer), usable)
    if matched < reach {
      let group = blockingGroup(source, matched: matched, reach: reach, buffer)
      return (MissingBlock(block: matched, cause: .groupUnusable(group: group)), true)
    }
    let isHole = index.isHeld(by: lanes, at: matched + 1, on: buffer)
    for tier in Tier.allCases {
      guard let lane = lanes[tier], index.isHeld(by: LaneSet(lane), at: matched, on: buffer) else {
        continue
      }
      return (MissingBlock(block: matched, cause: .lowerTier(tier), isHole: isHole), true)
    }
    return (MissingBlock(block: matched, cause: unknownPast(source), isHole: isHole), false)
  }

  /// The group that keeps a source from reusing what its main group holds.
  private func blockingGroup(
    _ source: Source, matched: Int, reach: Int, _ buffer: borrowing MatchBuffer
  ) -> Int {
    let full = source.groups.first {
      $0.spec.kind == .full && self.reach($0, buffer) == matched
    }
    let blockSize = source.blockSize ?? 1
    let window = source.groups.first { group in
      group.windowBlocks(blockSize: blockSize).map {
        lastBoundary(atMost: reach, window: $0, group.lanes, buffer) < reach
      } ?? false
    }
    return (full ?? window ?? source.groups[0]).number
  }

  /// What can be said of a block without looking at the remembered losses.
  private func unknownPast(_ source: Source) -> MissingBlock.Cause {
    guard source.trust == .exact else { return .sourceNotExact(source.trust) }
    return .neverStored(since: max(source.knownSince, lossesReachBackTo ?? source.knownSince))
  }

  /// Gives explanations the last losses of their blocks.
  ///
  /// - Parameter keys: By position in `explanations`.
  private func findLosses(of keys: [Int: BlockKey], in explanations: inout [SourceExplanation]) {
    struct Wanted: Hashable {
      var source: SourceID
      var key: BlockKey
    }
    var filter = LossLog.KeyFilter()
    var wanted: [Wanted: Int] = [:]
    for (position, key) in keys {
      filter.insert(key)
      wanted[Wanted(source: explanations[position].source, key: key)] = position
    }
    index.losses.scan(filter, since: CoarseTime(tenths: 0)) { loss in
      let lost = Wanted(source: loss.source, key: loss.key)
      if let position = wanted[lost], let source = source(loss.source), loss.at >= source.addedAt {
        explanations[position].missing?.cause = .lost(loss)
        wanted[lost] = nil
      }
      return !wanted.isEmpty
    }
  }

  // MARK: Other namespaces

  /// Names under which the same tokens may be held: other adapters and models, at most `limit`.
  public func otherNames(
    model: String, lora: String?, limit: Int = 32
  ) -> [(model: String, lora: String?)] {
    var found: [(model: String, lora: String?)] = []
    for row in namespaceTable.rows {
      let name = row.namespace
      guard name.model != model || name.lora != lora, found.count < limit,
        !found.contains(where: { $0.model == name.model && $0.lora == name.lora })
      else { continue }
      found.append((name.model, name.lora))
    }
    return found
  }

  /// Notes where a source holds more of the same tokens under another name.
  ///
  /// What was lost, or can't be used, stays the cause: that is the better explanation. Sources that
  /// do not serve the prompt's model are added when they hold some.
  ///
  /// - Parameters:
  ///   - prompt: The tokens, hashed under that name.
  ///   - matches: Working memory.
  public func consider(
    _ name: PromptNamespace, _ prompt: borrowing PromptKeys,
    in explanations: inout [SourceExplanation], matches: inout FleetMatches
  ) {
    match(prompt, model: name.model, into: &matches)
    for case let source? in sources where source.endpoint != nil {
      guard let other = matches[source.id], other.matchedTokens > 0 else { continue }
      var named = name
      named.blockSize = other.blockSize ?? name.blockSize
      let cause = MissingBlock.Cause.otherNamespace(named, matchedTokens: other.matchedTokens)
      guard let position = explanations.firstIndex(where: { $0.source == source.id }) else {
        explanations.append(explanation(of: source, cause, tokens: prompt.tokenCount))
        continue
      }
      guard let missing = explanations[position].missing,
        other.matchedTokens > explanations[position].match.matchedTokens,
        missing.cause.yields(to: other.matchedTokens)
      else { continue }
      explanations[position].missing?.cause = cause
    }
  }

  /// What can be said of a source without a prompt; nil when there is no such source.
  public func explanation(of id: SourceID) -> SourceExplanation? {
    source(id).map { explanation(of: $0, nil, tokens: 0) }
  }

  /// - Parameter cause: Why nothing is reused; nil when nothing is to be said of that.
  private func explanation(
    of source: Source, _ cause: MissingBlock.Cause?, tokens: Int
  ) -> SourceExplanation {
    SourceExplanation(
      source: source.id, endpoint: source.configuration.endpoint,
      match: PrefixMatch(
        source: source.id, rank: source.configuration.rank, blockSize: source.blockSize,
        matchedTokens: 0, trust: source.trust),
      blockSize: source.blockSize,
      usableBlocks: source.blockSize.map { max(tokens - 1, 0) / $0 } ?? 0,
      trustSince: source.trustSince, emptied: source.emptied?.at,
      emptiedCause: source.emptied?.cause,
      missing: cause.map { MissingBlock(block: 0, cause: $0) })
  }
}

extension MissingBlock.Cause {
  /// Whether `tokens` under another name explain more.
  fileprivate func yields(to tokens: Int) -> Bool {
    switch self {
    case .neverStored, .sourceNotExact: true
    case .otherNamespace(_, let matchedTokens): tokens > matchedTokens
    case .lost, .groupUnusable, .lowerTier: false
    }
  }
}

extension FleetIndex {
  /// Whether a source of some endpoint serves `model`, as far as models were configured.
  public func serves(model: String) -> Bool {
    sources.contains { $0.map { Self.serves($0, model) } == true }
  }

  /// An endpoint without a configured model serves whatever it is asked for.
  private static func serves(_ source: Source, _ model: String) -> Bool {
    source.endpoint != nil
      && (source.configuration.model.isEmpty || source.configuration.model == model)
  }

  /// The namespaces in which sources of `model` keep blocks: what a prompt must be hashed for.
  public func namespaces(model: String) -> [PromptKeys.Namespace] {
    var found: [PromptKeys.Namespace] = []
    for case let source? in sources where Self.serves(source, model) {
      guard let namespace = Self.namespace(source), !found.contains(namespace) else { continue }
      found.append(namespace)
    }
    return found
  }

  private static func namespace(_ source: Source) -> PromptKeys.Namespace? {
    guard let blockSize = source.blockSize ?? source.configuration.blockSize else { return nil }
    return PromptKeys.Namespace(model: source.configuration.model, blockSize: blockSize)
  }

  /// Says for every endpoint of `model` how much of a prompt it would reuse.
  ///
  /// - Parameters:
  ///   - candidates: Names of endpoints to answer for; nil: all of them.
  ///   - buffer: Working memory, reused between calls.
  /// - Returns: Ordered by endpoint name.
  /// - Complexity: one walk of the index a namespace, and O(sources).
  public func match(
    _ prompt: borrowing PromptKeys, model: String, candidates: Set<String>? = nil,
    buffer: inout MatchBuffer
  ) -> [EndpointMatch] {
    var matches: [EndpointMatch] = []
    for case let endpoint? in endpoints where candidates?.contains(endpoint.name) ?? true {
      let ranks = endpoint.sources.compactMap { source($0) }.filter { Self.serves($0, model) }
      guard !ranks.isEmpty else { continue }
      matches.append(
        EndpointMatch(
          endpoint: endpoint.name, ranks: ranks.map { blank($0) }, reservedTokens: 0))
    }
    for (namespace, range) in prompt.ranges where !range.isEmpty {
      let keys = UnsafePointer(prompt.keys.pointer(at: range.lowerBound))
      index.match(keys, count: range.count, into: &buffer)
      for position in matches.indices {
        for rank in matches[position].ranks.indices {
          guard let source = source(matches[position].ranks[rank].source),
            source.trust.credits, Self.namespace(source) == namespace
          else { continue }
          fill(&matches[position].ranks[rank], source, prompt.tokenCount, buffer)
        }
      }
      reservations.index.match(keys, count: range.count, into: &buffer)
      for position in matches.indices {
        fillReserved(&matches[position], namespace, prompt.tokenCount, buffer)
      }
    }
    for position in matches.indices { matches[position].ranks.sort { $0.rank < $1.rank } }
    return matches.sorted { $0.endpoint < $1.endpoint }
  }

  private func blank(_ source: Source) -> PrefixMatch {
    PrefixMatch(
      source: source.id, rank: source.configuration.rank, blockSize: source.blockSize,
      matchedTokens: 0, trust: source.trust)
  }

  /// Blocks of a prompt that an engine may take from its cache: it computes the last token itself.
  private static func usableBlocks(tokens: Int, blockSize: Int) -> Int {
    max(tokens - 1, 0) / blockSize
  }

  private func fill(
    _ match: inout PrefixMatch, _ source: Source, _ tokens: Int, _ buffer: borrowing MatchBuffer
  ) {
    guard let blockSize = source.blockSize else { return }
    let usable = Self.usableBlocks(tokens: tokens, blockSize: blockSize)
    var depth = usable
    for group in source.groups where group.spec.kind == .full {
      depth = min(depth, reach(group, buffer))
    }
    match.matchedTokens = fit(depth, source, blockSize, buffer) * blockSize
    guard let main = source.mainGroup else { return }
    for tier in Tier.allCases {
      guard let lane = source.groups[main].lanes[tier] else { continue }
      match.tierTokens[tier] = min(buffer[lane], usable) * blockSize
    }
  }

  /// Blocks that a full group can serve: the first tier's prefix, continued by each lower tier.
  private func reach(_ group: CacheGroup, _ buffer: borrowing MatchBuffer) -> Int {
    var depth = group.lanes[.gpu].map { buffer[$0] } ?? 0
    for tier in [Tier.cpu, .disk, .remote] {
      if let lane = group.lanes[tier] { depth = index.reach(lane, from: depth, on: buffer) }
    }
    return depth
  }

  /// The longest prefix of at most `depth` blocks before which every window group has its blocks.
  private func fit(
    _ depth: Int, _ source: Source, _ blockSize: Int, _ buffer: borrowing MatchBuffer
  ) -> Int {
    var boundary = depth
    var settled = false
    while !settled {
      settled = true
      for group in source.groups {
        guard let window = group.windowBlocks(blockSize: blockSize) else { continue }
        let fitting = lastBoundary(atMost: boundary, window: window, group.lanes, buffer)
        if fitting < boundary {
          boundary = fitting
          settled = false
        }
      }
    }
    return boundary
  }

  /// The last boundary whose `window` blocks before it (or all, near the start) are held.
  private func lastBoundary(
    atMost depth: Int, window: Int, _ lanes: LaneSet, _ buffer: borrowing MatchBuffer
  ) -> Int {
    var boundary = depth
    var run = 0
    var block = depth - 1
    while block >= 0 {
      if index.isHeld(by: lanes, at: block, on: buffer) {
        run += 1
        if run == window { return boundary }
      } else {
        boundary = block
        run = 0
      }
      block -= 1
    }
    return boundary
  }

  private func fillReserved(
    _ match: inout EndpointMatch, _ namespace: PromptKeys.Namespace, _ tokens: Int,
    _ buffer: borrowing MatchBuffer
  ) {
    guard let best = match.best, let source = source(best.source),
      Self.namespace(source) == namespace, let endpoint = endpoint(of: source)
    else { return }
    let usable = Self.usableBlocks(tokens: tokens, blockSize: namespace.blockSize)
    let claimed = min(buffer[endpoint.reservationLane], usable) * namespace.blockSize
    match.reservedTokens = max(claimed - best.matchedTokens, 0)
  }
}

extension FleetIndex {
  /// The namespaces in which sources of `model` keep blocks: what a prompt must be hashed for.
  ///
  /// A source without a configured model serves whatever it is asked for.
  public func namespaces(model: String) -> [PromptKeys.Namespace] {
    let wanted = number(ofModel: model)
    var found: [(model: Int, blockSize: Int)] = []
    for number in 0..<outlines.count {
      let outline = outlines.pointer(at: number).pointee
      let (model, blockSize) = (Int(outline.model), Int(outline.namespaceBlockSize))
      guard outline.isServing, blockSize > 0, model == 0 || model == wanted,
        !found.contains(where: { $0 == (model, blockSize) })
      else { continue }
      found.append((model, blockSize))
    }
    return found.map {
      PromptKeys.Namespace(
        model: $0.model == 0 ? "" : models[$0.model - 1], blockSize: $0.blockSize)
    }
  }

  /// Says for every source of `model` how much of a prompt it would reuse.
  ///
  /// - Parameter matches: Receives the answers, by source.
  /// - Complexity: one walk of the index a namespace, and O(sources); allocates nothing once
  ///   `matches` has grown.
  public func match(
    _ prompt: borrowing PromptKeys, model: String, into matches: inout FleetMatches
  ) {
    begin(model: number(ofModel: model), &matches)
    for (namespace, range) in prompt.ranges where !range.isEmpty {
      let keys = UnsafePointer(prompt.keys.pointer(at: range.lowerBound))
      let model = Int32(number(ofModel: namespace.model))
      let blockSize = namespace.blockSize
      let usable = max(prompt.tokenCount - 1, 0) / blockSize
      index.match(keys, count: range.count, into: &matches.depths)
      reservations.index.match(keys, count: range.count, into: &matches.claims)
      for number in 0..<outlines.count {
        let outline = outlines.pointer(at: number)
        guard outline.pointee.trust.takesClaims, outline.pointee.model == model,
          Int(outline.pointee.namespaceBlockSize) == blockSize, outline.pointee.isServing
        else { continue }
        fill(outline.pointee, SourceID(number), usable, blockSize, &matches)
      }
    }
  }

  /// Gives every source that serves `model` a match of nothing.
  private func begin(model: Int, _ matches: inout FleetMatches) {
    matches.matches.removeAll()
    matches.matches.reserve(outlines.count)
    for number in 0..<outlines.count {
      let outline = outlines.pointer(at: number)
      guard outline.pointee.isServing,
        outline.pointee.model == 0 || Int(outline.pointee.model) == model
      else {
        matches.matches.appendReserved(nil)
        continue
      }
      let blockSize = Int(outline.pointee.blockSize)
      matches.matches.appendReserved(
        PrefixMatch(
          source: SourceID(number), rank: Int(outline.pointee.rank),
          blockSize: blockSize == 0 ? nil : blockSize, matchedTokens: 0,
          trust: outline.pointee.trust))
    }
  }

  @inline(__always)
  private func fill(
    _ outline: SourceOutline, _ id: SourceID, _ usable: Int, _ blockSize: Int,
    _ matches: inout FleetMatches
  ) {
    guard var match = matches.matches[id.index] else { return }
    if !outline.trust.credits {
      // Nothing is known of its blocks, but what was just sent there is.
    } else if outline.isPlain {
      if outline.lane >= 0 {
        match.matchedTokens = min(matches.depths[LaneID(Int(outline.lane))], usable) &* blockSize
        match.tierTokens[.gpu] = match.matchedTokens
      }
    } else if let source = source(id) {
      fill(&match, source, usable, blockSize, matches.depths)
    }
    let claimed = matches.claims[LaneID(Int(outline.reservationLane))]
    match.reservedTokens = max(min(claimed, usable) &* blockSize &- match.matchedTokens, 0)
    matches.matches.pointer(at: id.index).pointee = match
  }

  /// The same by endpoint, ordered by name: for few calls and for people.
  ///
  /// - Parameter candidates: Names of endpoints to answer for; nil: all of them.
  public func endpointMatches(
    _ prompt: borrowing PromptKeys, model: String, candidates: Set<String>? = nil,
    matches: inout FleetMatches
  ) -> [EndpointMatch] {
    match(prompt, model: model, into: &matches)
    var found: [EndpointMatch] = []
    for case let endpoint? in endpoints where candidates?.contains(endpoint.name) ?? true {
      let ranks = endpoint.sources.compactMap { matches[$0] }.sorted { $0.rank < $1.rank }
      if !ranks.isEmpty { found.append(EndpointMatch(endpoint: endpoint.name, ranks: ranks)) }
    }
    return found.sorted { $0.endpoint < $1.endpoint }
  }

  /// The match of a source with several groups or tiers.
  private func fill(
    _ match: inout PrefixMatch, _ source: Source, _ usable: Int, _ blockSize: Int,
    _ buffer: borrowing MatchBuffer
  ) {
    guard let main = source.mainGroup else { return }
    var depth = usable
    for group in source.groups where group.spec.kind == .full {
      depth = min(depth, reach(group, buffer))
    }
    match.matchedTokens = fit(depth, source, blockSize, buffer) * blockSize
    for (tier, lane) in source.groups[main].lanes.all {
      match.tierTokens[tier] = min(buffer[lane], usable) * blockSize
    }
  }

  /// Blocks that a full group can serve: the first tier's prefix, continued by each lower tier.
  func reach(_ group: CacheGroup, _ buffer: borrowing MatchBuffer) -> Int {
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
  func lastBoundary(
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
}

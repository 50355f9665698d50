/// Guesses which endpoints hold which blocks from what was sent there.
///
///     blocks of a prompt ──▶ HolderTable: block → lanes ──▶ leading blocks of each lane
///                                  ▲ kept equal
///     a request was sent ──▶ BlockRecency of its lane: blocks by last use, up to a capacity
///
/// An endpoint is a *lane*. Blocks are chained hashes, so a block stands for the prompt up to its
/// end. A lane's capacity is what its engine's cache holds: when it is reached the blocks that
/// were used longest ago are forgotten, of one request the last ones first, as engines do.
///
/// Invariants (`checkInvariants`): a lane is a holder of a block exactly while the block is in its
/// order of use; no lane lists more than its capacity; nothing else is stored.
///
/// Rejected: a prefix tree (blocks are forgotten from anywhere, and a chained hash needs no
/// parent); crediting a block behind a gap, which counts tokens that the engine computes anew.
///
/// Not thread-safe: one writer, or any number of readers of `match`.
public struct ApproximateIndex: ~Copyable {
  /// Endpoints at a time.
  public static let lanesMax = 1 << LaneList.laneBits
  /// The most blocks that a lane may hold; larger capacities count as this one.
  public static let capacityMax = 1 << 22

  var table = HolderTable()
  let recencies: UnsafeMutablePointer<BlockRecency>
  private(set) var isUsed: [Bool] = []

  /// An index without endpoints.
  public init() { recencies = .allocate(capacity: Self.lanesMax) }

  deinit {
    (recencies).deinitialize(count: isUsed.count)
    recencies.deallocate()
  }

  /// Blocks of ours that fit where an engine keeps its own.
  ///
  /// - Parameters:
  ///   - engineBlocks: Blocks of the engine's cache.
  ///   - engineBlockTokens: Tokens of one of them.
  ///   - offloadedTokens: Tokens that the engine keeps in slower tiers besides.
  ///   - blockTokens: Tokens of a block of ours.
  public static func capacity(
    engineBlocks: Int, engineBlockTokens: Int, offloadedTokens: Int = 0, blockTokens: Int
  ) -> Int {
    precondition(blockTokens > 0, "a block of \(blockTokens) tokens")
    // What an engine says is not to be trusted to be in range.
    let (tokens, overflows) = max(engineBlocks, 0)
      .multipliedReportingOverflow(by: max(engineBlockTokens, 0))
    guard !overflows else { return capacityMax }
    let (all, overflowsTogether) = tokens.addingReportingOverflow(max(offloadedTokens, 0))
    return overflowsTogether ? capacityMax : clamped(all / blockTokens)
  }

  private static func clamped(_ capacity: Int) -> Int { min(max(capacity, 1), capacityMax) }

  // MARK: Endpoints

  /// Adds an endpoint that holds nothing yet.
  ///
  /// - Parameter capacityBlocks: Blocks that it is believed to hold at most.
  /// - Returns: Its lane, which may have been another endpoint's that was removed; nil when there
  ///   are `lanesMax` endpoints.
  public mutating func addEndpoint(capacityBlocks: Int) -> ApproximateLane? {
    let index = isUsed.firstIndex(of: false) ?? isUsed.count
    guard index < Self.lanesMax else { return nil }
    if index == isUsed.count {
      isUsed.append(true)
      table.reserve(lanes: isUsed.count)
    } else {
      isUsed[index] = true
      (recencies + index).deinitialize(count: 1)
    }
    (recencies + index).initialize(
      to: BlockRecency(capacity: Self.clamped(capacityBlocks)))
    return ApproximateLane(index: index)
  }

  /// Forgets an endpoint and all that it holds.
  ///
  /// - Complexity: O(blocks of the endpoint).
  public mutating func removeEndpoint(_ lane: ApproximateLane) {
    clear(lane)
    replace(lane.index, by: BlockRecency(capacity: 1))
    isUsed[lane.index] = false
  }

  /// Forgets all that an endpoint holds, for one that was started anew.
  ///
  /// - Complexity: O(blocks of the endpoint).
  public mutating func clear(_ lane: ApproximateLane) {
    check(lane)
    while recencies[lane.index].count > 0 { forgetOldest(lane.index) }
  }

  /// Changes how many blocks an endpoint is believed to hold; what was used last is kept.
  ///
  /// - Complexity: O(blocks of the endpoint); O(1) when nothing changes.
  public mutating func resize(_ lane: ApproximateLane, capacityBlocks: Int) {
    check(lane)
    let capacity = Self.clamped(capacityBlocks)
    guard capacity != recencies[lane.index].capacity else { return }
    while recencies[lane.index].count > capacity { forgetOldest(lane.index) }
    var resized = BlockRecency(capacity: capacity)
    for block in recencies[lane.index].blocks { resized.insert(block) }
    replace(lane.index, by: resized)
  }

  private func replace(_ lane: Int, by recency: consuming BlockRecency) {
    (recencies + lane).deinitialize(count: 1)
    (recencies + lane).initialize(to: recency)
  }

  @inline(__always)
  mutating func forgetOldest(_ lane: Int) {
    table.remove(recencies[lane].removeOldest(), lane)
  }

  @inline(__always)
  func check(_ lane: ApproximateLane) {
    precondition(
      lane.index < isUsed.count && isUsed[lane.index], "lane \(lane.index) has no endpoint")
  }

  // MARK: Sizes

  /// One more than the largest lane that was ever in use: the length of a match's counts.
  public var laneCount: Int { isUsed.count }

  /// Blocks that an endpoint is believed to hold.
  public func blockCount(_ lane: ApproximateLane) -> Int {
    check(lane)
    return recencies[lane.index].count
  }

  /// Blocks that an endpoint is believed to hold at most.
  public func capacity(_ lane: ApproximateLane) -> Int {
    check(lane)
    return recencies[lane.index].capacity
  }

  /// Blocks that all endpoints are believed to hold, each endpoint's own counted.
  public var residencies: Int {
    (0..<isUsed.count).reduce(0) { $0 + recencies[$1].count }
  }

  /// Bytes that the index holds resident, about.
  public var bytes: Int {
    table.bytes + (0..<isUsed.count).reduce(0) { $0 + recencies[$1].bytes }
  }
}

/// A column of the index: one endpoint, until it is removed.
public struct ApproximateLane: Hashable, Sendable {
  /// Where a match puts its count.
  public let index: Int
}

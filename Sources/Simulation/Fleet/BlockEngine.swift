import KVIndexer

/// An engine whose blocks are those of a trace: vLLM's block pool, and one prompt at a time.
///
///     enqueue ─▶ waiting ─▶ begin: hits are touched, the rest allocated ─▶ finishPrefill: cached,
///                           which evicts                                   stays until release
///
/// The pool is that of `SimulatedEngine`: the same order of eviction, the same events. What is left
/// out is everything below a block: steps and their chunks, blocks that decoding fills, preemption.
struct BlockEngine {
  /// A request under way; an index into the trace's.
  typealias Request = Int

  private struct Running {
    var blocks: [BlockID]
    var hits: Int
  }

  let usableBlocks: Int
  private(set) var pool: BlockPool
  private(set) var waiting = WaitingLine()
  /// The request whose prompt is being computed.
  private(set) var computing: Request?
  private var running: [Request: Running] = [:]
  private var hits: [BlockID] = []
  private var hashes: [UInt64] = []

  init(usableBlocks: Int) {
    self.usableBlocks = usableBlocks
    pool = BlockPool(blockCount: usableBlocks + 1)
  }

  /// Requests that hold blocks.
  var runningCount: Int { running.count }

  /// Share of the blocks that running requests hold.
  var cacheUsage: Double { 1 - Double(pool.freeCount) / Double(usableBlocks) }

  mutating func enqueue(_ request: Request) { waiting.append(request) }

  /// The request whose prompt is to be computed now; nil when there is none, or another one is.
  var next: Request? { computing == nil ? waiting.first : nil }

  /// Starts to compute the prompt of `next`, if its blocks fit.
  ///
  /// - Parameter ids: Its blocks.
  /// - Returns: How many leading blocks were cached, and the hashes of the copies that its other
  ///   blocks took the place of; nil where others hold too many blocks.
  mutating func begin(_ ids: ArraySlice<TokenID>) -> (hits: Int, evicted: [UInt64])? {
    guard let request = next else { return nil }
    hashes.removeAll(keepingCapacity: true)
    for id in ids { hashes.append(BlockName.hash(id)) }
    pool.longestHit(hashes, blocksMax: hashes.count, into: &hits)
    let missing = ids.count - hits.count
    guard missing + pool.freeBlocks(among: hits) <= pool.freeCount else { return nil }
    waiting.removeFirst()
    pool.touch(hits)
    var owned = hits
    pool.allocate(missing, into: &owned)
    running[request] = Running(blocks: owned, hits: hits.count)
    computing = request
    let evicted = pool.takeEvents().compactMap { event -> UInt64? in
      if case .removed(let hash) = event { return hash }
      return nil
    }
    return (hits.count, evicted)
  }

  /// Ends the computation of a prompt: all its blocks can be reused from now on.
  mutating func finishPrefill(_ blocks: ArraySlice<TokenID>) {
    guard let request = computing, let state = running[request] else {
      preconditionFailure("no prompt is being computed")
    }
    for (block, id) in zip(state.blocks, blocks).dropFirst(state.hits) {
      pool.cache(block, as: BlockName.hash(id))
    }
    computing = nil
  }

  /// Ends a request: its blocks may be evicted.
  mutating func release(_ request: Request) {
    guard let state = running.removeValue(forKey: request) else { return }
    pool.release(state.blocks)
  }

  /// Leading blocks of a prompt that are cached, or will be by those ahead of it in the line.
  ///
  /// - Parameter isAhead: Whether a request ahead of it has the block.
  func reusable(_ ids: ArraySlice<TokenID>, orAhead isAhead: (TokenID) -> Bool) -> Int {
    var count = 0
    for id in ids {
      guard pool.table.first(of: BlockName.hash(id)) != nil || isAhead(id) else { return count }
      count += 1
    }
    return count
  }

  /// Ends the process and starts another one with an empty cache.
  ///
  /// - Returns: The requests that had no first token yet.
  mutating func restart() -> [Request] {
    let lost = (computing.map { [$0] } ?? []) + waiting.all
    self = BlockEngine(usableBlocks: usableBlocks)
    return lost
  }
}

/// Requests in the order of their arrival.
struct WaitingLine {
  private var requests: [Int] = []
  private var head = 0

  var count: Int { requests.count - head }
  var first: Int? { head < requests.count ? requests[head] : nil }
  var all: [Int] { Array(requests[head...]) }

  mutating func append(_ request: Int) { requests.append(request) }

  mutating func removeFirst() {
    head += 1
    if 2 * head > requests.count {
      requests.removeFirst(head)
      head = 0
    }
  }
}

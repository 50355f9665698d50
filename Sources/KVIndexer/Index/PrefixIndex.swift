/// Which lanes hold which blocks, as a path-compressed tree of runs of chained block keys.
///
///     root ─▶ run A: k0 k1 … k63        holders: lane 0 ▓▓▓▓▓▓▓▓ 64   lane 1 ▓▓▓▓▓░░░ 40 (a cut)
///               ├─▶ run B: k64 … k511   holders: lane 0 ▓▓▓▓▓▓▓▓ 448
///               └─▶ run C: k64' …       holders: lane 2 ▓▓░▓▓▓▓▓    (a bitmap: a hole at 2)
///
/// A *lane* is one column of the index: one source × cache group × tier. A *run* (node) is a
/// stretch of blocks without a branch. Keys are chained, so
/// - one comparison at depth *d* proves the whole prefix: a match looks at the last key of a run and
///   searches inside only where the query leaves it;
/// - one global table from first key to node replaces child maps.
///
/// Blocks live in *granules* of 16 (key, engine hash) pairs that never move when a run grows; a
/// global table leads from engine hash to granule slot. Engines that compute equal hashes share
/// its entries; a source whose hash means something else gets a private alias (`HashScope`).
/// What a lane holds of a run is a cut (its first *n* blocks), or a bitmap once there are holes;
/// runs with many holders keep the lanes that hold everything in a bitset. All of it is exact:
/// nothing assumes that engines evict from the end.
///
/// Invariants (`checkInvariants`):
/// - a block is *live* (has an engine hash in the table) exactly while some lane holds it;
/// - a node without children ends in a live block; empty nodes are freed;
/// - a node is found by its first key; a child's first key chains from its parent's last;
/// - a node knows its holders, and the lane of each holder lists the node at least once.
///
/// Rejected: a hash probe per block (a cache miss per block); coverage per block (cost grows with
/// blocks × lanes); jump search (not exact with holes); a table of hashes per source (8 bytes
/// more per residency on fleets that share prefixes).
///
/// Not thread-safe: one writer, or any number of readers of `match`.
public struct PrefixIndex: ~Copyable {
  static var none: UInt32 { .max }

  var granules: GranuleArena
  var words: WordArena
  var nodes: NodeArena
  var blockTable: HandleTable
  var nodeTable: HandleTable
  var lanes: [Lane] = []
  var freeLanes: [LaneID] = []
  var clockHand: UInt32 = 0
  /// Bytes that storage may take; reaching it evicts, visibly.
  public let byteBudget: Int
  /// Blocks that `evict` dropped, over all lanes.
  public internal(set) var evictedBlocks = 0
  /// Lanes that keep blocks below or beside the first tier: their matches start inside a path.
  var continuationLanes = 0
  /// Now, as far as it was told.
  var clock = CoarseTime(tenths: 0)
  /// The period of now, see `NodeUse`, and what of it has passed.
  var period: UInt8 = 1
  var periodTenths: UInt32 = 0
  /// Up to when periods were counted.
  var paced = CoarseTime(tenths: 0)
  var sweepHand: UInt32 = 0
  var losses: LossLog
  /// Calls that may have changed which lanes hold what.
  var changes: UInt64 = 0
  /// Entries of all lanes' lists of nodes, and of their tables of copies.
  var listedNodes = 0
  var copyEntries = 0

  /// An empty index that keeps its storage within `byteBudget` bytes.
  public init(byteBudget: Int = 2 << 30) {
    self.byteBudget = byteBudget
    granules = GranuleArena(blocksMax: max(byteBudget / 16, 1 << 14))
    nodes = NodeArena(nodesMax: max(byteBudget / 64, 1 << 12))
    words = WordArena(wordsMax: max(byteBudget / 4, 1 << 16))
    losses = LossLog(entriesMax: max(byteBudget >> 13, 1 << 12))
    let segmentBits = byteBudget >= 64 << 20 ? 10 : 4
    blockTable = HandleTable(
      segmentBits: segmentBits, records: UnsafeRawPointer(granules.hashes), recordShift: 3)
    nodeTable = HandleTable(
      segmentBits: max(segmentBits - 4, 2), records: UnsafeRawPointer(nodes.hot), recordShift: 6)
  }

  /// Bytes that the index's storage holds resident.
  public var bytes: Int {
    granules.bytes + nodes.bytes + words.wordsTouched * 8 + blockTable.bytes + nodeTable.bytes
      + laneBytes
  }

  /// Bytes of what is kept for each lane; arrays and dictionaries are a third empty on average.
  var laneBytes: Int { (listedNodes * 4 + copyEntries * 17) * 3 / 2 }

  /// Distinct blocks that some lane holds.
  public var uniqueBlocks: Int { blockTable.count }
  /// (block, lane) pairs.
  public var residencies: Int { lanes.reduce(0) { $0 + $1.blocks } }
  /// Runs of the tree.
  public var nodeCount: Int { nodes.count }
}

/// One column of the index: a source × cache group × tier.
public struct LaneID: Hashable, Sendable, BitwiseCopyable {
  public var index: Int
  @inlinable public init(_ index: Int) { self.index = index }
}

/// What the index knows of a lane beside its coverage of nodes.
struct Lane {
  /// Blocks that it holds, copies not counted.
  var blocks = 0
  /// Nodes that it holds a part of; may name nodes that it has left, or name one twice.
  var nodes: [UInt32] = []
  /// Nodes that it does hold a part of.
  var nodeCount = 0
  /// Copies beyond the first of a block, by its canonical hash.
  var extraCopies: [UInt64: UInt32] = [:]
  /// Blocks that the byte budget took.
  var evicted = 0
  /// Whose its losses are.
  var lossOwner = LossOwner.nobody
}

/// Names the namespace of a run for people; whoever stores gives the numbers out.
public struct NamespaceID: Hashable, Sendable, BitwiseCopyable {
  public var number: UInt16
  public init(_ number: UInt16) { self.number = number }

  public static let unknown = NamespaceID(0)
}

/// Where a stored run continues: a block that is in the index, or the root of a namespace.
public enum BlockParent: Sendable {
  case root(BlockKey, in: NamespaceID = .unknown)
  case block(BlockRef)
}

/// A block's place (granule × 16 + slot), valid until the index is next changed.
public struct BlockRef: Hashable, Sendable, BitwiseCopyable {
  var bits: UInt32
}

/// The part of a node that a match reads: one cache line.
struct NodeHot: BitwiseCopyable {
  var firstKey: UInt64
  var lastKey: UInt64
  /// Blocks.
  var length: UInt32
  /// The granule itself while there is one, else a handle of a list in the word arena.
  var granules: UInt32
  var granuleCount: UInt16
  var holderCount: UInt16 = 0
  /// Slot of block 0 in the first granule.
  var phase: UInt8
  /// 0: up to four holders inline; 1: a holder set.
  var isLarge: UInt8 = 0
  /// When it was used, a `NodeUse`; matches access it with relaxed atomics.
  var use = NodeUse.stored.bits
  // Four packed holders, or a `HolderSet`.
  var holder0: UInt64 = 0
  var holder1: UInt64 = 0
  var holder2: UInt64 = 0
  var holder3: UInt64 = 0
}

/// The part of a node that only changes read.
struct NodeCold: BitwiseCopyable {
  /// Blocks before the first one.
  var depth: UInt32
  var parent: UInt32
  var firstChild: UInt32 = .max
  var nextSibling: UInt32 = .max
  var previousSibling: UInt32 = .max
  var childCount: UInt32 = 0
  /// When the first block of the run was first stored.
  var born: CoarseTime
  var namespace: NamespaceID
}

/// Storage of nodes; a free node has no holders and length 0.
struct NodeArena: ~Copyable {
  private let hotMemory: ReservedMemory<NodeHot>
  private let coldMemory: ReservedMemory<NodeCold>
  private var freeHead: UInt32 = .max
  /// Nodes ever used: the range that the clock hand walks.
  private(set) var touched: UInt32 = 0
  private(set) var count = 0

  init(nodesMax: Int) {
    precondition(MemoryLayout<NodeHot>.stride == 64, "a hot node is one cache line")
    hotMemory = ReservedMemory(capacity: nodesMax)
    coldMemory = ReservedMemory(capacity: nodesMax)
  }

  var hot: UnsafeMutablePointer<NodeHot> { @inline(__always) get { hotMemory.base } }
  var cold: UnsafeMutablePointer<NodeCold> { @inline(__always) get { coldMemory.base } }

  /// Nodes that there is room for.
  var capacity: Int { hotMemory.capacity }

  var bytes: Int {
    Int(touched) * (MemoryLayout<NodeHot>.stride + MemoryLayout<NodeCold>.stride)
  }

  mutating func allocate(hot newHot: NodeHot, cold newCold: NodeCold) -> UInt32 {
    let node: UInt32
    if freeHead != .max {
      node = freeHead
      freeHead = cold[Int(node)].nextSibling
    } else {
      node = touched
      precondition(Int(node) < hotMemory.capacity, "out of nodes")
      touched += 1
    }
    hot[Int(node)] = newHot
    cold[Int(node)] = newCold
    count += 1
    return node
  }

  mutating func release(_ node: UInt32) {
    hot[Int(node)].length = 0
    hot[Int(node)].holderCount = 0
    hot[Int(node)].isLarge = 0
    cold[Int(node)].nextSibling = freeHead
    freeHead = node
    count -= 1
  }

  /// The four inline words of holders.
  @inline(__always)
  func holders(_ node: UInt32) -> UnsafeMutablePointer<UInt64> {
    (UnsafeMutableRawPointer(hot + Int(node)) + 32).assumingMemoryBound(to: UInt64.self)
  }
}

extension NodeArena {
  /// Bytes of nodes in use.
  var liveBytes: Int { count * (MemoryLayout<NodeHot>.stride + MemoryLayout<NodeCold>.stride) }
}

import CIntrinsics
import Glibc

/// The blocks of one lane in the order of their last use, up to a capacity.
///
///     nodes   0        1        2        …      a ring through `older` and `newer`;
///           ┌──────┬────────┬────────┬───       node 0 stands between the newest and the oldest
///           │ ring │ block  │ block  │
///           └──────┴────────┴────────┴───       buckets of a hash table are chains of nodes
///
/// All memory is reserved at once and touched as it fills: learning never allocates.
struct BlockRecency: ~Copyable {
  private struct Node: BitwiseCopyable {
    var hash: UInt64
    /// The next node of the same bucket, or of the free ones; 0 for none.
    var next: UInt32
    var older: UInt32
    var newer: UInt32
  }

  let capacity: Int
  private(set) var count = 0
  private let nodes: UnsafeMutablePointer<Node>
  private let buckets: UnsafeMutablePointer<UInt32>
  private let bucketShift: UInt64
  /// Nodes that were ever in use, the ring's own included.
  private var touched: UInt32 = 1
  private var free: UInt32 = 0

  /// An empty order of at most `capacity` blocks.
  init(capacity: Int) {
    self.capacity = capacity
    nodes = .allocate(capacity: capacity + 1)
    nodes.initialize(to: Node(hash: 0, next: 0, older: 0, newer: 0))
    // Twice as many buckets as blocks: a chain's every node is a cache miss.
    let bits = Int.bitWidth - max(capacity * 2 - 1, 1).leadingZeroBitCount
    bucketShift = UInt64(64 - bits)
    guard let memory = calloc(1 << bits, MemoryLayout<UInt32>.stride) else {
      preconditionFailure("no memory for \(1 << bits) buckets")
    }
    buckets = memory.bindMemory(to: UInt32.self, capacity: 1 << bits)
  }

  deinit {
    nodes.deallocate()
    Glibc.free(buckets)
  }

  /// Bytes that were touched, about.
  var bytes: Int {
    Int(touched) * MemoryLayout<Node>.stride
      + (1 << Int(64 - bucketShift)) * MemoryLayout<UInt32>.stride
  }

  @inline(__always)
  private func bucket(of hash: UInt64) -> UnsafeMutablePointer<UInt32> {
    let mixed = (hash ^ (hash >> 32)) &* 0x9E37_79B9_7F4A_7C15
    return buckets + Int(truncatingIfNeeded: mixed >> bucketShift)
  }

  @inline(__always)
  private func find(_ hash: UInt64) -> UInt32 {
    var node = bucket(of: hash).pointee
    while node != 0, nodes[Int(node)].hash != hash { node = nodes[Int(node)].next }
    return node
  }

  /// Starts loading the bucket of `hash`.
  @inline(__always)
  func prefetchBucket(_ hash: UInt64) { ci_prefetch(bucket(of: hash)) }

  /// Starts loading the first node of the bucket of `hash`.
  @inline(__always)
  func prefetchNode(_ hash: UInt64) { ci_prefetch(nodes + Int(bucket(of: hash).pointee)) }

  /// Calls `body` with the `count` oldest blocks, the oldest first.
  @inline(__always)
  func visitOldest(_ count: Int, _ body: (_ hash: UInt64) -> Void) {
    var node = nodes[0].newer
    for _ in 0..<min(count, self.count) {
      body(nodes[Int(node)].hash)
      node = nodes[Int(node)].newer
    }
  }

  func contains(_ hash: UInt64) -> Bool { find(hash) != 0 }

  /// Makes `hash` the newest if it is there; returns whether it is.
  @inline(__always)
  mutating func refresh(_ hash: UInt64) -> Bool {
    let node = find(hash)
    guard node != 0 else { return false }
    unlink(node)
    linkNewest(node)
    return true
  }

  /// Adds `hash`, which is not there, as the newest; there has to be room.
  @inline(__always)
  mutating func insert(_ hash: UInt64) {
    precondition(count < capacity, "more than \(capacity) blocks")
    var node = free
    if node == 0 {
      node = touched
      touched &+= 1
    } else {
      free = nodes[Int(node)].next
    }
    let bucket = bucket(of: hash)
    nodes[Int(node)] = Node(hash: hash, next: bucket.pointee, older: 0, newer: 0)
    bucket.pointee = node
    linkNewest(node)
    count &+= 1
  }

  /// Takes `hash` out; returns whether it was there.
  @inline(__always)
  mutating func remove(_ hash: UInt64) -> Bool {
    var link = bucket(of: hash)
    while link.pointee != 0, nodes[Int(link.pointee)].hash != hash {
      link = Self.next(of: nodes + Int(link.pointee))
    }
    let node = link.pointee
    guard node != 0 else { return false }
    link.pointee = nodes[Int(node)].next
    unlink(node)
    nodes[Int(node)].next = free
    free = node
    count &-= 1
    return true
  }

  /// Where a node's `next` is stored.
  @inline(__always)
  private static func next(of node: UnsafeMutablePointer<Node>) -> UnsafeMutablePointer<UInt32> {
    (UnsafeMutableRawPointer(node) + MemoryLayout<UInt64>.size).assumingMemoryBound(to: UInt32.self)
  }

  /// Takes the oldest block out; there has to be one.
  @inline(__always)
  mutating func removeOldest() -> UInt64 {
    precondition(count > 0, "no block is the oldest")
    let hash = nodes[Int(nodes[0].newer)].hash
    _ = remove(hash)
    return hash
  }

  @inline(__always)
  private func unlink(_ node: UInt32) {
    let (older, newer) = (nodes[Int(node)].older, nodes[Int(node)].newer)
    nodes[Int(older)].newer = newer
    nodes[Int(newer)].older = older
  }

  /// Node 0 is older than the oldest and newer than the newest.
  @inline(__always)
  private func linkNewest(_ node: UInt32) {
    let newest = nodes[0].older
    nodes[Int(node)].older = newest
    nodes[Int(node)].newer = 0
    nodes[Int(newest)].newer = node
    nodes[0].older = node
  }

  /// All blocks, the oldest first.
  var blocks: [UInt64] {
    var blocks: [UInt64] = []
    blocks.reserveCapacity(count)
    var node = nodes[0].newer
    while node != 0 {
      precondition(nodes[Int(nodes[Int(node)].newer)].older == node, "the ring is broken")
      blocks.append(nodes[Int(node)].hash)
      node = nodes[Int(node)].newer
    }
    return blocks
  }
}

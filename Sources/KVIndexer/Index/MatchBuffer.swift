import CIntrinsics

/// The result of a match and its working memory, reused from one match to the next.
///
/// `depths` is an array over lanes: no dictionary, no string and no allocation per block or lane.
public struct MatchBuffer: ~Copyable {
  /// One node of the matched path.
  struct Step: BitwiseCopyable {
    var node: UInt32
    /// Blocks before the node.
    var depth: Int
    /// Blocks of the node that the query has.
    var matched: Int
  }

  private(set) var depths: UnsafeMutablePointer<UInt32>
  private(set) var alive: UnsafeMutablePointer<UInt64>
  private(set) var next: UnsafeMutablePointer<UInt64>
  var path = GrowableBuffer<Step>(capacity: 16)
  private(set) var laneWords = 0
  private var capacityWords = 1

  /// An empty buffer; it grows to the number of lanes when it is first used.
  public init() {
    depths = .allocate(capacity: 64)
    alive = .allocate(capacity: 1)
    next = .allocate(capacity: 1)
  }

  deinit {
    depths.deallocate()
    alive.deallocate()
    next.deallocate()
  }

  /// Blocks of the query that lane `lane` holds, contiguous from the first one.
  @inline(__always)
  public subscript(lane: LaneID) -> Int {
    assert(lane.index < laneWords * 64, "lane \(lane.index) of \(laneWords * 64)")
    return Int(depths[lane.index])
  }

  /// Blocks of the query that the index knows at all, whoever holds them.
  public var pathDepth: Int {
    path.count == 0 ? 0 : path[path.count - 1].depth + path[path.count - 1].matched
  }

  mutating func reset(lanes: Int) {
    laneWords = (lanes + 63) / 64
    if laneWords > capacityWords {
      depths.deallocate()
      alive.deallocate()
      next.deallocate()
      capacityWords = laneWords
      depths = .allocate(capacity: laneWords * 64)
      alive = .allocate(capacity: laneWords)
      next = .allocate(capacity: laneWords)
    }
    depths.update(repeating: 0, count: laneWords * 64)
    path.removeAll()
  }

  /// The pointers of the buffer, for the inner loops of a match.
  struct Rows: BitwiseCopyable {
    var depths: UnsafeMutablePointer<UInt32>
    var alive: UnsafeMutablePointer<UInt64>
    var next: UnsafeMutablePointer<UInt64>
    var words: Int

    /// Sets the depth of every lane in `bits`, a word of the lane set at `word`.
    @inline(__always)
    func fill(_ word: Int, _ bits: UInt64, _ depth: Int) {
      let target = depths + word &* 64
      let depth = UInt32(truncatingIfNeeded: depth)
      if bits.nonzeroBitCount > 6 {
        ci_fill_masked(target, bits, depth)
        return
      }
      var rest = bits
      while rest != 0 {
        target[rest.trailingZeroBitCount] = depth
        rest &= rest &- 1
      }
    }
  }

  var rows: Rows {
    @inline(__always) get { Rows(depths: depths, alive: alive, next: next, words: laneWords) }
  }
}

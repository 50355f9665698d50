import CIntrinsics
import Glibc

/// Who holds which block: an open-addressing table from block hash to a set of lanes.
///
///     segment (top 6 bits of the mixed hash)       slot, 16 bytes
///     ┌─────────┬─────────┬───┐                   ┌────────────┬───────────────────────────────┐
///     │ segment │ segment │ … │ ─▶ slots, probed  │ hash, 64 b │ 0: free                       │
///     └─────────┴─────────┴───┘    one by one     │            │ 1–6 lanes of 10 bits, a count │
///                                                 │            │ or the handle of a bitset     │
///                                                 └────────────┴───────────────────────────────┘
///
/// A block that up to six lanes hold costs one slot; one that more hold has a bitset over all
/// lanes besides. Removal shifts the slots behind it back, so there are no tombstones. A segment
/// doubles on its own: the longest pause is that of one segment.
///
/// Rejected: sets of lanes (an allocation per block); a bitset in every slot (136 bytes a block
/// for 1,024 lanes, of which most are 0).
struct HolderTable: ~Copyable {
  private struct Slot: BitwiseCopyable {
    var hash: UInt64
    var holders: LaneList
  }

  private struct Segment: BitwiseCopyable {
    var slots: UnsafeMutablePointer<Slot>
    /// 64 less the logarithm of the number of slots.
    var shift: UInt64
    var count: Int

    var mask: Int { (1 << Int(64 - shift)) - 1 }
  }

  private static var segmentBits: UInt64 { 6 }
  private static var slotBitsMin: UInt64 { 4 }

  private let segments: UnsafeMutablePointer<Segment>
  private(set) var sets = LaneSetArena()
  /// Blocks that some lane holds.
  private(set) var count = 0
  private var slotCount = 0

  init() {
    let segmentCount = 1 << Int(Self.segmentBits)
    segments = .allocate(capacity: segmentCount)
    for index in 0..<segmentCount {
      (segments + index).initialize(to: Self.segment(slotBits: Self.slotBitsMin))
      slotCount += 1 << Int(Self.slotBitsMin)
    }
  }

  deinit {
    for index in 0..<1 << Int(Self.segmentBits) { free(segments[index].slots) }
    segments.deallocate()
  }

  /// Bytes of slots and bitsets.
  var bytes: Int { slotCount * MemoryLayout<Slot>.stride + sets.bytes }

  private static func segment(slotBits: UInt64) -> Segment {
    let count = 1 << Int(slotBits)
    // Zeroed: a slot without holders is free.
    guard let memory = calloc(count, MemoryLayout<Slot>.stride) else {
      preconditionFailure("no memory for \(count) slots")
    }
    return Segment(
      slots: memory.bindMemory(to: Slot.self, capacity: count), shift: 64 - slotBits, count: 0)
  }

  @inline(__always)
  private static func mix(_ hash: UInt64) -> UInt64 {
    (hash ^ (hash >> 32)) &* 0x9E37_79B9_7F4A_7C15
  }

  @inline(__always)
  private func segment(of mixed: UInt64) -> UnsafeMutablePointer<Segment> {
    segments + Int(truncatingIfNeeded: mixed >> (64 &- Self.segmentBits))
  }

  /// The slot where probing for `mixed` begins: the bits below the segment's.
  @inline(__always)
  private static func home(_ mixed: UInt64, _ segment: Segment) -> Int {
    Int(truncatingIfNeeded: (mixed << Self.segmentBits) >> segment.shift)
  }

  /// The slot of `hash`, or the free one where it would be.
  @inline(__always)
  private func slot(of hash: UInt64, _ mixed: UInt64, _ segment: Segment) -> Int {
    let mask = segment.mask
    var index = Self.home(mixed, segment)
    while !segment.slots[index].holders.isEmpty, segment.slots[index].hash != hash {
      index = (index &+ 1) & mask
    }
    return index
  }

  /// Starts loading the slot of `hash`.
  @inline(__always)
  func prefetch(_ hash: UInt64) {
    let mixed = Self.mix(hash)
    let segment = segment(of: mixed).pointee
    ci_prefetch(segment.slots + Self.home(mixed, segment))
  }

  /// Who holds `hash`; empty when nobody does.
  @inline(__always)
  func holders(of hash: UInt64) -> LaneList {
    let mixed = Self.mix(hash)
    let segment = segment(of: mixed).pointee
    return segment.slots[slot(of: hash, mixed, segment)].holders
  }

  /// Whether `lane` holds `hash`.
  func contains(_ hash: UInt64, _ lane: Int) -> Bool {
    sets.contains(holders(of: hash), lane)
  }

  /// Adds `lane`, which does not hold `hash` yet, to its holders.
  @inline(__always)
  mutating func insert(_ hash: UInt64, _ lane: Int) {
    let mixed = Self.mix(hash)
    let segment = segment(of: mixed)
    var index = slot(of: hash, mixed, segment.pointee)
    if segment.pointee.slots[index].holders.isEmpty {
      // Three quarters full, a search still looks at four slots on average when it finds nothing.
      if segment.pointee.count &* 4 >= (segment.pointee.mask &+ 1) &* 3 {
        grow(segment)
        index = slot(of: hash, mixed, segment.pointee)
      }
      segment.pointee.slots[index] = Slot(hash: hash, holders: LaneList(lane))
      segment.pointee.count &+= 1
      count &+= 1
    } else {
      sets.insert(lane, into: &segment.pointee.slots[index].holders)
    }
  }

  /// Takes `lane`, which holds `hash`, out of its holders.
  @inline(__always)
  mutating func remove(_ hash: UInt64, _ lane: Int) {
    let mixed = Self.mix(hash)
    let segment = segment(of: mixed)
    let index = slot(of: hash, mixed, segment.pointee)
    precondition(
      !segment.pointee.slots[index].holders.isEmpty, "nobody holds the block that \(lane) lists")
    sets.remove(lane, from: &segment.pointee.slots[index].holders)
    guard segment.pointee.slots[index].holders.isEmpty else { return }
    Self.close(index, segment.pointee)
    segment.pointee.count &-= 1
    count &-= 1
  }

  /// Fills the free slot at `index` with one behind it that probing would else not reach.
  private static func close(_ index: Int, _ segment: Segment) {
    let mask = segment.mask
    var hole = index
    var next = (hole &+ 1) & mask
    while !segment.slots[next].holders.isEmpty {
      let home = home(mix(segment.slots[next].hash), segment)
      // It may move back if its probing began at the hole or before.
      if (next &- home) & mask >= (next &- hole) & mask {
        segment.slots[hole] = segment.slots[next]
        segment.slots[next].holders = LaneList()
        hole = next
      }
      next = (next &+ 1) & mask
    }
  }

  private mutating func grow(_ segment: UnsafeMutablePointer<Segment>) {
    let old = segment.pointee
    var new = Self.segment(slotBits: 64 - old.shift + 1)
    for index in 0...old.mask where !old.slots[index].holders.isEmpty {
      let entry = old.slots[index]
      new.slots[slot(of: entry.hash, Self.mix(entry.hash), new)] = entry
    }
    new.count = old.count
    segment.pointee = new
    slotCount += old.mask + 1
    free(old.slots)
  }

  /// Makes room for lanes below `laneCount` in every bitset.
  mutating func reserve(lanes laneCount: Int) { sets.reserve(lanes: laneCount) }

  /// Calls `body` with every block and its holders, in no order; for checks.
  func visit(_ body: (_ hash: UInt64, _ holders: LaneList) -> Void) {
    for index in 0..<1 << Int(Self.segmentBits) {
      let segment = segments[index]
      var seen = 0
      for place in 0...segment.mask where !segment.slots[place].holders.isEmpty {
        let slot = segment.slots[place]
        precondition(
          self.slot(of: slot.hash, Self.mix(slot.hash), segment) == place, "an unreachable block")
        seen += 1
        body(slot.hash, slot.holders)
      }
      precondition(seen == segment.count, "\(seen) blocks in a segment of \(segment.count)")
    }
  }
}

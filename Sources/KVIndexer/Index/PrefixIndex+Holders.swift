/// The holders of a node: up to four inline, else a set.
///
///     inline   │ holder │ holder │ holder │ holder │
///     set      │ full: handle, words │ partial: handle, capacity │ partial count, full count │
///
/// `full` is a bitset over lanes that hold the whole node; `partial` an array of holders sorted by
/// lane. Before a node with a set grows in place, the full holders become partial ones, so only a
/// node with few of them does.
extension PrefixIndex {
  static var inlineHolders: Int { 4 }

  @inline(__always)
  func isLarge(_ node: UInt32) -> Bool { nodes.hot[Int(node)].isLarge != 0 }

  struct HolderSet {
    var words: UnsafeMutablePointer<UInt64>

    var full: UInt32 {
      get { UInt32(truncatingIfNeeded: words[0]) }
      nonmutating set { words[0] = words[0] & ~0xFFFF_FFFF | UInt64(newValue) }
    }
    var fullWords: Int {
      get { Int(words[0] >> 32) }
      nonmutating set { words[0] = words[0] & 0xFFFF_FFFF | UInt64(newValue) << 32 }
    }
    var partial: UInt32 {
      get { UInt32(truncatingIfNeeded: words[1]) }
      nonmutating set { words[1] = words[1] & ~0xFFFF_FFFF | UInt64(newValue) }
    }
    var partialCapacity: Int {
      get { Int(words[1] >> 32) }
      nonmutating set { words[1] = words[1] & 0xFFFF_FFFF | UInt64(newValue) << 32 }
    }
    var partialCount: Int {
      get { Int(words[2] & 0xFFFF_FFFF) }
      nonmutating set { words[2] = words[2] & ~0xFFFF_FFFF | UInt64(newValue) }
    }
    var fullCount: Int {
      get { Int(words[2] >> 32) }
      nonmutating set { words[2] = words[2] & 0xFFFF_FFFF | UInt64(newValue) << 32 }
    }
  }

  @inline(__always)
  func holderSet(_ node: UInt32) -> HolderSet { HolderSet(words: nodes.holders(node)) }

  /// What `lane` holds of `node`.
  func coverage(_ node: UInt32, _ lane: LaneID) -> Coverage {
    if !isLarge(node) {
      let holders = nodes.holders(node)
      for index in 0..<Int(nodes.hot[Int(node)].holderCount) {
        let holder = Holder(bits: holders[index])
        if holder.lane == lane.index { return holder.coverage }
      }
      return .nothing
    }
    let set = holderSet(node)
    if isFull(set, lane) { return .cut(Int(nodes.hot[Int(node)].length)) }
    let index = partialIndex(set, lane)
    guard index < set.partialCount else { return .nothing }
    let holder = Holder(bits: words[set.partial][index])
    return holder.lane == lane.index ? holder.coverage : .nothing
  }

  @inline(__always)
  private func isFull(_ set: HolderSet, _ lane: LaneID) -> Bool {
    lane.index >> 6 < set.fullWords
      && words[set.full][lane.index >> 6] >> UInt64(lane.index & 63) & 1 != 0
  }

  /// Where `lane` is, or would be, among the partial holders.
  private func partialIndex(_ set: HolderSet, _ lane: LaneID) -> Int {
    let partial = words[set.partial]
    var low = 0
    var high = set.partialCount
    while low < high {
      let middle = (low + high) / 2
      if Holder(bits: partial[middle]).lane < lane.index { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Replaces what `lane` holds of `node`; `old` is what `coverage` says now, its bitmap is taken.
  mutating func setCoverage(_ node: UInt32, _ lane: LaneID, _ old: Coverage, _ new: Coverage) {
    if isLarge(node) {
      setInSet(node, lane, new)
    } else {
      setInline(node, lane, new)
    }
    if old == .nothing && new != .nothing { enlist(node, lane) }
    if old != .nothing && new == .nothing { lanes[lane.index].nodeCount -= 1 }
  }

  private mutating func setInline(_ node: UInt32, _ lane: LaneID, _ new: Coverage) {
    let hot = nodes.hot + Int(node)
    let holders = nodes.holders(node)
    let count = Int(hot.pointee.holderCount)
    for index in 0..<count where Holder(bits: holders[index]).lane == lane.index {
      if new == .nothing {
        holders[index] = holders[count - 1]
        hot.pointee.holderCount -= 1
      } else {
        holders[index] = Holder(lane, new).bits
      }
      return
    }
    if new == .nothing { return }
    if count == Self.inlineHolders {
      makeSet(node)
      setInSet(node, lane, new)
    } else {
      holders[count] = Holder(lane, new).bits
      hot.pointee.holderCount += 1
    }
  }

  private mutating func setInSet(_ node: UInt32, _ lane: LaneID, _ new: Coverage) {
    let hot = nodes.hot + Int(node)
    let set = holderSet(node)
    if isFull(set, lane) {
      if new == .cut(Int(hot.pointee.length)) { return }
      words[set.full][lane.index >> 6] &= ~(1 << UInt64(lane.index & 63))
      set.fullCount -= 1
      hot.pointee.holderCount -= 1
    } else {
      removePartial(node, set, lane)
    }
    switch new {
    case .nothing:
      if hot.pointee.holderCount <= Self.inlineHolders / 2 { makeInline(node) }
    case .cut(Int(hot.pointee.length)):
      growFull(set, lane)
      words[set.full][lane.index >> 6] |= 1 << UInt64(lane.index & 63)
      set.fullCount += 1
      hot.pointee.holderCount += 1
    case .cut, .map:
      insertPartial(node, set, Holder(lane, new))
    }
  }

  private mutating func growFull(_ set: HolderSet, _ lane: LaneID) {
    let needed = lane.index >> 6 + 1
    if needed <= set.fullWords { return }
    let size = WordArena.rounded(words: max(needed, (lanes.count + 63) / 64))
    let handle = words.allocate(words: size)
    for index in 0..<size {
      words[handle][index] = index < set.fullWords ? words[set.full][index] : 0
    }
    if set.fullWords > 0 { words.release(set.full, words: set.fullWords) }
    set.full = handle
    set.fullWords = size
  }

  /// Whether the node may grow in place: not where many full holders would have to change.
  func mayGrow(_ node: UInt32) -> Bool {
    !isLarge(node) || holderSet(node).fullCount <= Self.demotionsMax
  }

  static var demotionsMax: Int { 8 }

  /// Makes the full holders of a set cuts of the present length, before the node grows.
  mutating func demoteFull(_ node: UInt32) {
    guard isLarge(node) else { return }
    let set = holderSet(node)
    let length = Int(nodes.hot[Int(node)].length)
    for word in 0..<set.fullWords {
      while words[set.full][word] != 0 {
        let lane = LaneID(word * 64 + words[set.full][word].trailingZeroBitCount)
        words[set.full][word] &= words[set.full][word] - 1
        set.fullCount -= 1
        nodes.hot[Int(node)].holderCount -= 1
        insertPartial(node, set, Holder(lane, .cut(length)))
      }
    }
  }

  private mutating func insertPartial(_ node: UInt32, _ set: HolderSet, _ holder: Holder) {
    if set.partialCount == set.partialCapacity {
      let size = WordArena.rounded(words: max(4, set.partialCapacity + set.partialCapacity / 2))
      let handle = words.allocate(words: size)
      if set.partialCapacity > 0 {
        words[handle].update(from: words[set.partial], count: set.partialCount)
        words.release(set.partial, words: set.partialCapacity)
      }
      set.partial = handle
      set.partialCapacity = size
    }
    let index = partialIndex(set, LaneID(holder.lane))
    let place = words[set.partial] + index
    (place + 1).update(from: place, count: set.partialCount - index)
    place.pointee = holder.bits
    set.partialCount += 1
    nodes.hot[Int(node)].holderCount += 1
  }

  private mutating func removePartial(_ node: UInt32, _ set: HolderSet, _ lane: LaneID) {
    let index = partialIndex(set, lane)
    guard index < set.partialCount else { return }
    let place = words[set.partial] + index
    guard Holder(bits: place.pointee).lane == lane.index else { return }
    place.update(from: place + 1, count: set.partialCount - index - 1)
    set.partialCount -= 1
    nodes.hot[Int(node)].holderCount -= 1
  }

  private mutating func makeSet(_ node: UInt32) {
    let inline = nodes.holders(node)
    let holders = (0..<Self.inlineHolders).map { Holder(bits: inline[$0]) }
    for index in 0..<Self.inlineHolders { inline[index] = 0 }
    nodes.hot[Int(node)].isLarge = 1
    nodes.hot[Int(node)].holderCount = 0
    for holder in holders { setInSet(node, LaneID(holder.lane), holder.coverage) }
  }

  private mutating func makeInline(_ node: UInt32) {
    let holders = allHolders(node)
    releaseHolderSet(node)
    for (index, holder) in holders.enumerated() { nodes.holders(node)[index] = holder.bits }
    nodes.hot[Int(node)].holderCount = UInt16(holders.count)
  }

  /// Frees the set's storage; bitmaps of its holders stay.
  mutating func releaseHolderSet(_ node: UInt32) {
    let set = holderSet(node)
    if set.fullWords > 0 { words.release(set.full, words: set.fullWords) }
    if set.partialCapacity > 0 { words.release(set.partial, words: set.partialCapacity) }
    for index in 0..<Self.inlineHolders { nodes.holders(node)[index] = 0 }
    nodes.hot[Int(node)].isLarge = 0
  }

  /// Every holder of `node`.
  func allHolders(_ node: UInt32) -> [Holder] {
    var holders: [Holder] = []
    appendHolders(of: node, to: &holders)
    return holders
  }

  /// Appends every holder of `node`.
  func appendHolders(of node: UInt32, to holders: inout [Holder]) {
    if !isLarge(node) {
      let inline = nodes.holders(node)
      for index in 0..<Int(nodes.hot[Int(node)].holderCount) {
        holders.append(Holder(bits: inline[index]))
      }
      return
    }
    let set = holderSet(node)
    let length = Int(nodes.hot[Int(node)].length)
    for index in 0..<set.fullWords {
      var word = words[set.full][index]
      while word != 0 {
        holders.append(Holder(LaneID(index * 64 + word.trailingZeroBitCount), .cut(length)))
        word &= word - 1
      }
    }
    for index in 0..<set.partialCount { holders.append(Holder(bits: words[set.partial][index])) }
  }

  /// Whether some lane holds the block.
  func isHeld(_ node: UInt32, _ offset: Int) -> Bool {
    if !isLarge(node) {
      let holders = nodes.holders(node)
      for index in 0..<Int(nodes.hot[Int(node)].holderCount)
      where holds(Holder(bits: holders[index]).coverage, offset) {
        return true
      }
      return false
    }
    let set = holderSet(node)
    if set.fullCount > 0 { return true }
    let partial = words[set.partial]
    for index in 0..<set.partialCount where holds(Holder(bits: partial[index]).coverage, offset) {
      return true
    }
    return false
  }

  private mutating func enlist(_ node: UInt32, _ lane: LaneID) {
    lanes[lane.index].nodeCount += 1
    if lanes[lane.index].nodes.count >= 2 * lanes[lane.index].nodeCount + 64 { tidy(lane) }
    lanes[lane.index].nodes.append(node)
    listedNodes += 1
  }

  /// Drops the names of nodes that the lane has left, and second names.
  private mutating func tidy(_ lane: LaneID) {
    let listed = lanes[lane.index].nodes.sorted()
    lanes[lane.index].nodes.removeAll(keepingCapacity: true)
    var previous = Self.none
    for node in listed where node != previous {
      previous = node
      if coverage(node, lane) != .nothing { lanes[lane.index].nodes.append(node) }
    }
    listedNodes -= listed.count - lanes[lane.index].nodes.count
  }
}

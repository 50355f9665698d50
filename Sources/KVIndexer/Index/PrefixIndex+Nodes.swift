/// Nodes and their granules: growing, splitting, trimming.
extension PrefixIndex {
  /// Blocks that one node holds at most.
  static var runMax: Int { 4096 }

  @inline(__always)
  func length(_ node: UInt32) -> Int { Int(nodes.hot[Int(node)].length) }

  /// The granule at `index` of the node's list.
  @inline(__always)
  func granule(_ node: UInt32, _ index: Int) -> UInt32 {
    let hot = nodes.hot + Int(node)
    if hot.pointee.granuleCount == 1 { return hot.pointee.granules }
    return listPointer(hot.pointee.granules)[index]
  }

  @inline(__always)
  private func listPointer(_ handle: UInt32) -> UnsafeMutablePointer<UInt32> {
    UnsafeMutableRawPointer(words[handle]).assumingMemoryBound(to: UInt32.self)
  }

  /// The block at `offset` of `node`.
  @inline(__always)
  func block(_ node: UInt32, _ offset: Int) -> Int {
    let slot = Int(nodes.hot[Int(node)].phase) &+ offset
    return Int(granule(node, slot >> 4)) << 4 &+ slot & 15
  }

  @inline(__always)
  func key(_ node: UInt32, _ offset: Int) -> UInt64 { granules.keys[block(node, offset)] }

  @inline(__always)
  func isLive(_ block: Int) -> Bool {
    granules.info[block >> 4].live >> UInt16(truncatingIfNeeded: block & 15) & 1 != 0
  }

  @inline(__always)
  func setLive(_ block: Int) {
    granules.info[block >> 4].live |= 1 << UInt16(truncatingIfNeeded: block & 15)
  }

  @inline(__always)
  func clearLive(_ block: Int) {
    granules.info[block >> 4].live &= ~(1 << UInt16(truncatingIfNeeded: block & 15))
  }

  /// The node of a block, and its offset there.
  @inline(__always)
  func place(of block: Int) -> (node: UInt32, offset: Int) {
    let info = granules.info[block >> 4]
    let depth = Int(info.depth) &+ block & 15 &- Int(nodes.cold[Int(info.node)].depth)
    return (info.node, Int(UInt16(truncatingIfNeeded: depth)))
  }

  /// Gives the node's list room for `count` granules, keeping those it has.
  private mutating func resizeList(_ node: UInt32, to count: Int) {
    let hot = nodes.hot + Int(node)
    let old = Int(hot.pointee.granuleCount)
    if count == old { return }
    let oldWords = old <= 1 ? 0 : WordArena.rounded(words: (old + 1) / 2)
    let newWords = count <= 1 ? 0 : WordArena.rounded(words: (count + 1) / 2)
    hot.pointee.granuleCount = UInt16(count)
    if oldWords == newWords { return }
    let before = hot.pointee.granules
    if newWords == 0 {
      if count == 1 { hot.pointee.granules = listPointer(before)[0] }
    } else {
      let handle = words.allocate(words: newWords)
      let list = listPointer(handle)
      if oldWords == 0 {
        list[0] = before
      } else {
        list.update(from: listPointer(before), count: min(old, count))
      }
      hot.pointee.granules = handle
    }
    if oldWords > 0 { words.release(before, words: oldWords) }
  }

  private func setGranule(_ node: UInt32, _ index: Int, _ granule: UInt32) {
    let hot = nodes.hot + Int(node)
    if hot.pointee.granuleCount == 1 {
      hot.pointee.granules = granule
    } else {
      listPointer(hot.pointee.granules)[index] = granule
    }
  }

  /// A node below `parent` (or a root), without blocks yet, that will start with `firstKey`.
  mutating func makeNode(
    parent: UInt32, depth: Int, firstKey: UInt64, namespace: NamespaceID
  ) -> UInt32 {
    let node = nodes.allocate(
      hot: NodeHot(
        firstKey: firstKey, lastKey: firstKey, length: 0, granules: 0, granuleCount: 0, phase: 0),
      cold: NodeCold(depth: UInt32(depth), parent: parent, born: clock, namespace: namespace))
    nodeTable.insert(firstKey, handle: node)
    if parent != Self.none { link(node, under: parent) }
    return node
  }

  func link(_ node: UInt32, under parent: UInt32) {
    let cold = nodes.cold
    let first = cold[Int(parent)].firstChild
    cold[Int(node)].parent = parent
    cold[Int(node)].nextSibling = first
    cold[Int(node)].previousSibling = Self.none
    if first != Self.none { cold[Int(first)].previousSibling = node }
    cold[Int(parent)].firstChild = node
    cold[Int(parent)].childCount += 1
  }

  private func unlink(_ node: UInt32) {
    let cold = nodes.cold
    let (parent, previous, next) = (
      cold[Int(node)].parent, cold[Int(node)].previousSibling, cold[Int(node)].nextSibling
    )
    if previous != Self.none {
      cold[Int(previous)].nextSibling = next
    } else if parent != Self.none {
      cold[Int(parent)].firstChild = next
    }
    if next != Self.none { cold[Int(next)].previousSibling = previous }
    if parent != Self.none { cold[Int(parent)].childCount -= 1 }
  }

  /// Adds `count` blocks to the node's end; they are not live yet.
  mutating func appendBlocks(_ node: UInt32, _ keys: UnsafePointer<UInt64>, _ count: Int) {
    let hot = nodes.hot + Int(node)
    let phase = Int(hot.pointee.phase)
    let start = phase + Int(hot.pointee.length)
    let end = start + count
    let before = Int(hot.pointee.granuleCount)
    let after = (end + 15) >> 4
    resizeList(node, to: after)
    let depth = Int(nodes.cold[Int(node)].depth) - phase
    for index in before..<after {
      setGranule(
        node, index,
        granules.allocate(
          node: node, depth: UInt16(truncatingIfNeeded: depth + index << 4)))
    }
    var slot = start
    while slot < end {
      let stop = min((slot | 15) + 1, end)
      let target = granules.keys + (Int(granule(node, slot >> 4)) << 4 + slot & 15)
      target.update(from: keys + (slot - start), count: stop - slot)
      slot = stop
    }
    hot.pointee.length += UInt32(count)
    hot.pointee.lastKey = keys[count - 1]
  }

  /// Makes the first `offset` blocks of `node` a node of their own, above it.
  ///
  /// `node` keeps its id, its children and its later granules, so nothing below it changes.
  mutating func split(_ node: UInt32, at offset: Int) -> UInt32 {
    let hot = nodes.hot + Int(node)
    let cold = nodes.cold + Int(node)
    let firstKey = hot.pointee.firstKey
    let holders = allHolders(node)
    let upper = nodes.allocate(
      hot: NodeHot(
        firstKey: firstKey, lastKey: key(node, offset - 1), length: 0, granules: 0, granuleCount: 0,
        phase: hot.pointee.phase),
      cold: NodeCold(
        depth: cold.pointee.depth, parent: cold.pointee.parent, born: cold.pointee.born,
        namespace: cold.pointee.namespace))
    nodes.hot[Int(upper)].use = hot.pointee.use
    nodeTable.replace(firstKey, with: upper)
    replaceChild(node, with: upper)
    link(node, under: upper)
    splitGranules(node, upper, at: offset)
    nodes.hot[Int(upper)].length = UInt32(offset)
    hot.pointee.length -= UInt32(offset)
    cold.pointee.depth += UInt32(offset)
    hot.pointee.firstKey = key(node, 0)
    nodeTable.insert(hot.pointee.firstKey, handle: node)
    splitHolders(holders, node, upper, at: offset)
    return upper
  }

  private func replaceChild(_ node: UInt32, with upper: UInt32) {
    let cold = nodes.cold
    let old = cold[Int(node)]
    cold[Int(upper)].nextSibling = old.nextSibling
    cold[Int(upper)].previousSibling = old.previousSibling
    if old.previousSibling != Self.none {
      cold[Int(old.previousSibling)].nextSibling = upper
    } else if old.parent != Self.none {
      cold[Int(old.parent)].firstChild = upper
    }
    if old.nextSibling != Self.none { cold[Int(old.nextSibling)].previousSibling = upper }
  }

  private mutating func splitGranules(_ node: UInt32, _ upper: UInt32, at offset: Int) {
    let hot = nodes.hot + Int(node)
    let cut = Int(hot.pointee.phase) + offset
    let count = Int(hot.pointee.granuleCount)
    let (whole, slot) = (cut >> 4, cut & 15)
    let list = (0..<count).map { granule(node, $0) }
    let upperCount = whole + (slot > 0 ? 1 : 0)
    resizeList(upper, to: upperCount)
    for index in 0..<upperCount {
      setGranule(upper, index, list[index])
      granules.info[Int(list[index])].node = upper
    }
    var rest = Array(list[whole...])
    if slot > 0 { rest[0] = divide(list[whole], at: slot, for: node) }
    resizeList(node, to: rest.count)
    for (index, granule) in rest.enumerated() { setGranule(node, index, granule) }
    hot.pointee.phase = UInt8(slot)
  }

  /// Moves the slots from `slot` on into a granule of `node`'s own.
  private mutating func divide(_ granule: UInt32, at slot: Int, for node: UInt32) -> UInt32 {
    let depth = granules.info[Int(granule)].depth
    let moved = granules.allocate(node: node, depth: depth)
    let (from, to) = (Int(granule) << 4, Int(moved) << 4)
    for index in slot..<16 {
      granules.keys[to + index] = granules.keys[from + index]
      guard isLive(from + index) else { continue }
      let hash = granules.hashes[from + index]
      granules.hashes[to + index] = hash
      blockTable.replace(hash, with: UInt32(to + index))
      clearLive(from + index)
      setLive(to + index)
    }
    return moved
  }

  private mutating func splitHolders(
    _ holders: [Holder], _ node: UInt32, _ upper: UInt32, at offset: Int
  ) {
    if isLarge(node) { releaseHolderSet(node) }
    nodes.hot[Int(node)].holderCount = 0
    for holder in holders {
      let lane = LaneID(holder.lane)
      lanes[lane.index].nodeCount -= 1
      let (above, below) = split(holder.coverage, at: offset)
      setCoverage(upper, lane, .nothing, above)
      setCoverage(node, lane, .nothing, below)
    }
  }

  /// Frees dead blocks at the end of childless nodes, from `start` up towards the root.
  mutating func trim(_ start: UInt32) {
    var node = start
    while node != Self.none, nodes.cold[Int(node)].firstChild == Self.none {
      var length = self.length(node)
      while length > 0, !isLive(block(node, length - 1)) { length -= 1 }
      if length > 0 {
        shorten(node, to: length)
        return
      }
      let parent = nodes.cold[Int(node)].parent
      free(node)
      node = parent
    }
  }

  private mutating func shorten(_ node: UInt32, to length: Int) {
    let hot = nodes.hot + Int(node)
    if Int(hot.pointee.length) == length { return }
    releaseGranules(node, keeping: (Int(hot.pointee.phase) + length + 15) >> 4)
    hot.pointee.length = UInt32(length)
    hot.pointee.lastKey = key(node, length - 1)
  }

  private mutating func releaseGranules(_ node: UInt32, keeping kept: Int) {
    let count = Int(nodes.hot[Int(node)].granuleCount)
    for index in kept..<max(count, kept) { granules.release(granule(node, index)) }
    resizeList(node, to: kept)
  }

  private mutating func free(_ node: UInt32) {
    precondition(nodes.hot[Int(node)].holderCount == 0, "a freed node has no holders")
    nodeTable.remove(nodes.hot[Int(node)].firstKey)
    unlink(node)
    if isLarge(node) { releaseHolderSet(node) }
    releaseGranules(node, keeping: 0)
    nodes.release(node)
  }
}

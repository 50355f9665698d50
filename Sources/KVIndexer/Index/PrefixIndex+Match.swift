import CIntrinsics

extension PrefixIndex {
  /// Finds for every lane how many leading blocks of a prompt it holds: one walk for all lanes.
  ///
  /// At each run the lanes that hold all before it are intersected with those that hold it whole;
  /// a lane gets its depth when it drops out. The walk ends with the last lane, or, where lanes of
  /// lower tiers continue others' prefixes, with the path.
  ///
  /// - Parameters:
  ///   - keys: Chained block keys from the root of a namespace, shape `[count]`.
  ///   - buffer: Receives the depths, and the path for `leadingBlocks` and `holdsAll`.
  /// - Complexity: O(runs of the path × (lanes / 64 + partial holders)); allocates nothing once the
  ///   buffer has grown.
  public func match(_ keys: UnsafePointer<UInt64>, count: Int, into buffer: inout MatchBuffer) {
    buffer.reset(lanes: lanes.count)
    guard count > 0 else { return }
    var node = nodeTable.find(keys[0])
    guard node != HandleTable.none else { return }
    let rows = buffer.rows
    for word in 0..<rows.words { rows.alive[word] = .max }
    var depth = 0
    let used = NodeUse.current(period)
    while true {
      let hot = nodes.hot + Int(node)
      let use = ci_load_relaxed(&hot.pointee.use)
      if use & NodeUse.matchMask != used {
        ci_store_relaxed(&hot.pointee.use, NodeUse(bits: use).matched(in: period).bits)
      }
      let length = Int(hot.pointee.length)
      let rest = count &- depth
      let isWhole = rest >= length && keys[depth &+ length &- 1] == hot.pointee.lastKey
      let matched = isWhole ? length : commonLength(node, 0, keys + depth, rest)
      buffer.path.append(MatchBuffer.Step(node: node, depth: depth, matched: matched))
      guard isWhole else {
        settle(node, depth, matched, rows)
        return
      }
      let isAlive = intersect(node, depth, length, rows)
      depth &+= length
      if !isAlive && continuationLanes == 0 { return }
      if depth < count {
        node = nodeTable.find(keys[depth])
        if node != HandleTable.none { continue }
      }
      if isAlive {
        for word in 0..<rows.words { rows.fill(word, rows.alive[word], depth) }
      }
      return
    }
  }

  /// Keeps the lanes that hold the whole node alive; the others get their depths.
  @inline(__always)
  private func intersect(
    _ node: UInt32, _ depth: Int, _ length: Int, _ rows: MatchBuffer.Rows
  ) -> Bool {
    let holders = nodes.holders(node)
    if isLarge(node) {
      intersectSet(HolderSet(words: holders), depth, length, rows)
    } else {
      for word in 0..<rows.words { rows.next[word] = 0 }
      for index in 0..<Int(nodes.hot[Int(node)].holderCount) {
        keep(Holder(bits: holders[index]), depth, length, rows)
      }
    }
    var any: UInt64 = 0
    for word in 0..<rows.words {
      let kept = rows.next[word]
      // Before the first node there is nothing to have held: depths are 0 already.
      if depth > 0 { rows.fill(word, rows.alive[word] & ~kept, depth) }
      rows.alive[word] = kept
      any |= kept
    }
    return any != 0
  }

  private func intersectSet(
    _ set: HolderSet, _ depth: Int, _ length: Int, _ rows: MatchBuffer.Rows
  ) {
    let full = words[set.full]
    let fullWords = min(set.fullWords, rows.words)
    for word in 0..<fullWords { rows.next[word] = full[word] & rows.alive[word] }
    for word in fullWords..<rows.words { rows.next[word] = 0 }
    settlePartial(set, depth, length, keepsWhole: true, rows)
  }

  /// Gives the set's partial holders their depths, at most `matched` blocks into the node.
  ///
  /// They are sorted by lane, so a word of the lane set stays in a register while they last.
  ///
  /// - Parameter keepsWhole: Lanes that hold all `matched` blocks stay alive instead.
  @inline(__always)
  private func settlePartial(
    _ set: HolderSet, _ depth: Int, _ matched: Int, keepsWhole: Bool, _ rows: MatchBuffer.Rows
  ) {
    let partial = words[set.partial]
    let count = set.partialCount
    var index = 0
    while index < count {
      let word = Holder(bits: partial[index]).lane >> 6
      var alive = rows.alive[word]
      var kept: UInt64 = 0
      repeat {
        let holder = Holder(bits: partial[index])
        guard holder.lane >> 6 == word else { break }
        index &+= 1
        let bit: UInt64 = 1 << UInt64(truncatingIfNeeded: holder.lane & 63)
        if alive & bit == 0 { continue }
        let held = leading(holder)
        if keepsWhole && held >= matched {
          kept |= bit
        } else {
          rows.depths[holder.lane] = UInt32(truncatingIfNeeded: depth &+ min(held, matched))
          alive &= ~bit
        }
      } while index < count
      rows.alive[word] = alive
      rows.next[word] |= kept
    }
  }

  @inline(__always)
  private func keep(_ holder: Holder, _ depth: Int, _ length: Int, _ rows: MatchBuffer.Rows) {
    let word = holder.lane >> 6
    let bit: UInt64 = 1 << UInt64(truncatingIfNeeded: holder.lane & 63)
    guard rows.alive[word] & bit != 0 else { return }
    if !holder.isMap && Int(holder.value) >= length {
      rows.next[word] |= bit
    } else {
      rows.depths[holder.lane] = UInt32(truncatingIfNeeded: depth &+ leading(holder))
      rows.alive[word] &= ~bit
    }
  }

  /// The last node, of which the query has only `matched` blocks: every lane gets its depth.
  private func settle(
    _ node: UInt32, _ depth: Int, _ matched: Int, _ rows: MatchBuffer.Rows
  ) {
    let holders = nodes.holders(node)
    if isLarge(node) {
      let set = HolderSet(words: holders)
      let full = words[set.full]
      for word in 0..<min(set.fullWords, rows.words) {
        rows.fill(word, full[word] & rows.alive[word], depth &+ matched)
        rows.alive[word] &= ~full[word]
      }
      settlePartial(set, depth, matched, keepsWhole: false, rows)
    } else {
      for index in 0..<Int(nodes.hot[Int(node)].holderCount) {
        settle(Holder(bits: holders[index]), depth, matched, rows)
      }
    }
    if depth == 0 { return }
    for word in 0..<rows.words { rows.fill(word, rows.alive[word], depth) }
  }

  @inline(__always)
  private func settle(
    _ holder: Holder, _ depth: Int, _ matched: Int, _ rows: MatchBuffer.Rows
  ) {
    let word = holder.lane >> 6
    let bit: UInt64 = 1 << UInt64(truncatingIfNeeded: holder.lane & 63)
    guard rows.alive[word] & bit != 0 else { return }
    rows.depths[holder.lane] = UInt32(
      truncatingIfNeeded: depth &+ min(leading(holder), matched))
    rows.alive[word] &= ~bit
  }

  /// How far `lane` holds the matched path from block `start` on, as a depth; `start` if not at all.
  func reach(_ lane: LaneID, from start: Int, on buffer: borrowing MatchBuffer) -> Int {
    var depth = start
    for index in 0..<buffer.path.count {
      let step = buffer.path[index]
      guard step.depth + step.matched > depth else { continue }
      let end = endOfRun(coverage(step.node, lane), from: depth - step.depth)
      depth = min(step.depth + max(end, depth - step.depth), step.depth + step.matched)
      if depth < step.depth + step.matched { break }
    }
    return depth
  }

  private func endOfRun(_ coverage: Coverage, from offset: Int) -> Int {
    switch coverage {
    case .nothing: return offset
    case .cut(let length): return max(length, offset)
    case .map(let handle):
      guard let run = nextRun(handle, from: offset), run.lowerBound == offset else { return offset }
      return run.upperBound
    }
  }

  /// Whether one of `lanes` holds block `depth` of the matched path.
  func isHeld(by lanes: LaneSet, at depth: Int, on buffer: borrowing MatchBuffer) -> Bool {
    for index in 0..<buffer.path.count {
      let step = buffer.path[index]
      guard depth < step.depth + step.matched else { continue }
      return lanes.contains { holds(coverage(step.node, $0), depth - step.depth) }
    }
    return false
  }
}

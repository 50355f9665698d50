/// The tree for people: which runs there are, what they are worth, and who holds them.
extension PrefixIndex {
  /// Which lanes a query asks for; nil: whichever.
  typealias LaneFilter = [Bool]

  /// Looks at the next runs that a selection asks for.
  ///
  /// - Parameter work: Runs and holders of runs to look at, about.
  func select(
    _ selection: inout RunSelection, roles: LaneRoles, lanes: LaneFilter?, work: Int
  ) {
    switch selection.query.scope {
    case .all, .roots: selectNodes(&selection, roles, lanes, work)
    case .children(let parent): selectChildren(of: parent, &selection, roles, lanes, work)
    }
  }

  private func selectNodes(
    _ selection: inout RunSelection, _ roles: LaneRoles, _ lanes: LaneFilter?, _ work: Int
  ) {
    var node: UInt32 = 0
    if case .node(let next) = selection.position { node = next }
    let wantsRoots = selection.query.scope == .roots
    var left = work
    while node < nodes.touched, left > 0 {
      left -= 1
      if length(node) > 0, !wantsRoots || nodes.cold[Int(node)].parent == Self.none {
        left -= offer(node, &selection, roles, lanes)
      }
      selection.visited += 1
      node += 1
    }
    selection.position = node < nodes.touched ? .node(node) : .end
  }

  private func selectChildren(
    of parent: BlockKey, _ selection: inout RunSelection, _ roles: LaneRoles,
    _ lanes: LaneFilter?, _ work: Int
  ) {
    let node = nodeTable.find(parent.bits)
    guard node != HandleTable.none else {
      selection.isPartial = selection.position != .start
      selection.position = .end
      return
    }
    var child = nodes.cold[Int(node)].firstChild
    if case .child(let key) = selection.position {
      child = nodeTable.find(key.bits)
      // Meanwhile the run may have gone, or become part of another.
      guard child != HandleTable.none, nodes.cold[Int(child)].parent == node else {
        selection.isPartial = true
        selection.position = .end
        return
      }
    }
    var left = work
    while child != Self.none, left > 0 {
      left -= 1 + offer(child, &selection, roles, lanes)
      selection.visited += 1
      child = nodes.cold[Int(child)].nextSibling
    }
    selection.position =
      child == Self.none ? .end : .child(BlockKey(nodes.hot[Int(child)].firstKey))
  }

  /// Offers a run to a selection; returns the number of its holders.
  private func offer(
    _ node: UInt32, _ selection: inout RunSelection, _ roles: LaneRoles, _ lanes: LaneFilter?
  ) -> Int {
    let cold = nodes.cold[Int(node)]
    if let wanted = selection.query.namespace, wanted != cold.namespace { return 0 }
    var holders = 0
    var isWanted = lanes == nil
    for holder in allHolders(node) where roles[holder.lane].isMain {
      holders += 1
      if let lanes, holder.lane < lanes.count, lanes[holder.lane] { isWanted = true }
    }
    // A run that nobody holds any more is of use only as the way to those behind it.
    if isWanted, holders > 0 || selection.query.scope != .all {
      selection.offer(summary(node, cold, holders))
    }
    return Int(nodes.hot[Int(node)].holderCount)
  }

  private func summary(_ node: UInt32, _ cold: NodeCold, _ holders: Int) -> RunSummary {
    // Not a copy of the hot node: matches write into it.
    let hot = nodes.hot + Int(node)
    return RunSummary(
      key: BlockKey(hot.pointee.firstKey), namespace: cold.namespace,
      firstBlock: Int(cold.depth), blocks: Int(hot.pointee.length), holders: holders,
      children: Int(cold.childCount),
      secondsSinceMatch: secondsSinceMatch(node), reads: recentReads(node))
  }

  /// What lanes hold of the run that begins with `key`; nil when there is none.
  func holders(ofRun key: BlockKey, roles: LaneRoles) -> [(lane: LaneID, blocks: Int)]? {
    let node = nodeTable.find(key.bits)
    guard node != HandleTable.none else { return nil }
    return allHolders(node).filter { roles[$0.lane].isMain }
      .map { (LaneID($0.lane), blocks(in: $0.coverage)) }
  }
}

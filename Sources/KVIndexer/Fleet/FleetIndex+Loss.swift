/// What is remembered of blocks that are gone, and who holds a block now.
extension FleetIndex {
  /// Tells the time, some times a second: what happens from now on happens then.
  ///
  /// - Parameter now: Monotonic nanoseconds.
  public mutating func keepTime(_ now: UInt64) { index.advance(to: CoarseTime(nanoseconds: now)) }

  /// The time as the index was last told it.
  public var time: CoarseTime { index.clock }

  /// The last loss of a block by a source since a moment; nil when none is remembered.
  ///
  /// - Parameter since: Monotonic nanoseconds; times are told to a tenth of a second, downwards.
  /// - Complexity: O(losses of the whole fleet since then): microseconds for some seconds.
  public func loss(of key: BlockKey, source id: SourceID, since: UInt64) -> BlockLoss? {
    guard let source = source(id) else { return nil }
    var filter = LossLog.KeyFilter()
    filter.insert(key)
    var found: BlockLoss?
    index.losses.scan(filter, since: max(CoarseTime(nanoseconds: since), source.addedAt)) { loss in
      if loss.key == key, loss.source == id { found = loss }
      return found == nil
    }
    return found
  }

  /// Since when every loss of single blocks is remembered; nil while none was forgotten.
  ///
  /// Of what goes at once (a cleared cache, a restart) only the first thousands of blocks are.
  public var lossesReachBackTo: CoarseTime? {
    index.losses.isFull ? index.losses.oldest : nil
  }

  /// Whether a source holds a block of a prompt, in any tier, whatever comes before it.
  ///
  /// - Parameters:
  ///   - number: From 0, less than `keys.count`.
  ///   - keys: Chained keys from the first block on, as `PromptKeys.array(in:)` gives them.
  /// - Complexity: O(runs of the path).
  public func holds(block number: Int, of keys: [UInt64], source id: SourceID) -> Bool {
    guard let source = source(id), let main = source.mainGroup, keys.indices.contains(number)
    else { return false }
    guard let place = keys.withUnsafeBufferPointer({ index.place(ofBlock: number, of: $0) }) else {
      return false
    }
    return source.groups[main].lanes.contains {
      index.holds(index.coverage(place.node, $0), place.offset)
    }
  }
}

extension PrefixIndex {
  /// The run that block `number` of a prompt is in; nil where the index has no such block.
  func place(
    ofBlock number: Int, of keys: UnsafeBufferPointer<UInt64>
  ) -> (node: UInt32, offset: Int)? {
    guard let base = keys.baseAddress else { return nil }
    var depth = 0
    while depth < keys.count {
      let node = nodeTable.find(keys[depth])
      guard node != HandleTable.none else { return nil }
      let common = commonLength(node, 0, base + depth, keys.count - depth)
      if number < depth + common { return (node, number - depth) }
      guard common == length(node) else { return nil }
      depth += common
    }
    return nil
  }
}

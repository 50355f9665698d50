public import Tokenize

extension ApproximateIndex {
  /// Counts the leading blocks of a prompt that each endpoint is believed to hold.
  ///
  /// An endpoint's count ends at the first block that it does not hold. Matching refreshes
  /// nothing: what was asked about need not be sent.
  ///
  /// - Parameter counts: By lane; it is given `laneCount` elements, those of removed lanes 0.
  /// - Complexity: O(matched blocks), and no allocation when `counts` comes from a match before.
  public func match(_ blocks: [EstimatedBlock], into counts: inout [Int]) {
    if counts.count == laneCount {
      for index in counts.indices { counts[index] = 0 }
    } else {
      counts = Array(repeating: 0, count: laneCount)
    }
    guard laneCount > 0 else { return }
    let words = table.sets.words
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * words) { scratch in
      guard let alive = scratch.baseAddress else { return }
      counts.withUnsafeMutableBufferPointer { counts in
        blocks.withUnsafeBufferPointer { blocks in
          table.sets.withWords { sets in
            var walk = Walk(alive: alive, row: alive + words, words: words, counts: counts)
            walk.run(blocks, table, sets)
          }
        }
      }
    }
  }
}

/// One match under way: the lanes that hold every block so far, thinned out block by block.
private struct Walk {
  let alive: UnsafeMutablePointer<UInt64>
  let row: UnsafeMutablePointer<UInt64>
  let words: Int
  let counts: UnsafeMutableBufferPointer<Int>

  @inline(__always)
  mutating func run(
    _ blocks: UnsafeBufferPointer<EstimatedBlock>, _ table: borrowing HolderTable,
    _ sets: UnsafePointer<UInt64>?
  ) {
    var depth = 0
    for block in blocks {
      let holders = table.holders(of: block.bits)
      guard !holders.isEmpty else { break }
      let next = lanes(holders, sets)
      guard thin(to: next, at: depth) else { return }
      depth &+= 1
    }
    guard depth > 0 else { return }
    for word in 0..<words { end(alive[word], word, at: depth) }
  }

  /// The holders as words of a bitset.
  @inline(__always)
  private func lanes(
    _ holders: LaneList, _ sets: UnsafePointer<UInt64>?
  ) -> UnsafePointer<UInt64> {
    if holders.isWide, let sets { return sets + Int(holders.handle) &* words }
    for word in 0..<words { row[word] = 0 }
    for index in 0..<holders.count {
      let lane = holders[index]
      row[lane >> 6] |= 1 << UInt64(truncatingIfNeeded: lane & 63)
    }
    return UnsafePointer(row)
  }

  /// Ends the lanes that do not hold the block at `depth`; false when none is left.
  @inline(__always)
  private func thin(to next: UnsafePointer<UInt64>, at depth: Int) -> Bool {
    if depth == 0 {
      alive.update(from: next, count: words)
      return true
    }
    var left: UInt64 = 0
    for word in 0..<words {
      let gone = alive[word] & ~next[word]
      if gone != 0 {
        end(gone, word, at: depth)
        alive[word] ^= gone
      }
      left |= alive[word]
    }
    return left != 0
  }

  @inline(__always)
  private func end(_ lanes: UInt64, _ word: Int, at depth: Int) {
    var rest = lanes
    while rest != 0 {
      counts[word &* 64 &+ rest.trailingZeroBitCount] = depth
      rest &= rest &- 1
    }
  }
}

import KVIndexer
import Simulation

/// What an engine with a full cache stores and removes: chains of blocks, the oldest leave first.
struct SoakSource {
  private struct Use {
    var chain: UInt64
    var time: UInt64
  }

  private let capacity: Int
  /// Blocks held of each chain, and when it was used last.
  private(set) var held: [UInt64: (blocks: Int, time: UInt64)] = [:]
  private(set) var blocks = 0
  /// By time; entries whose chain was used again since are skipped.
  private var uses: [Use] = []
  private var head = 0
  private var clock: UInt64 = 0

  init(capacity: Int) { self.capacity = capacity }

  /// Stores more of a chain.
  ///
  /// - Returns: The blocks that are new.
  mutating func grow(_ chain: UInt64, by count: Int) -> Range<Int> {
    clock += 1
    let before = held[chain]?.blocks ?? 0
    held[chain] = (before + count, clock)
    uses.append(Use(chain: chain, time: clock))
    blocks += count
    return before..<before + count
  }

  /// Takes blocks from the end of the oldest chain while more are held than there is room for.
  mutating func evict() -> (chain: UInt64, blocks: Range<Int>)? {
    guard blocks > capacity else { return nil }
    while head < uses.count {
      let use = uses[head]
      guard let known = held[use.chain], known.time == use.time else {
        head += 1
        continue
      }
      let kept = max(known.blocks - (blocks - capacity), 0)
      if kept == 0 {
        held[use.chain] = nil
        head += 1
      } else {
        held[use.chain] = (kept, known.time)
      }
      blocks -= known.blocks - kept
      dropUsed()
      return (use.chain, kept..<known.blocks)
    }
    return nil
  }

  mutating func clear() {
    held.removeAll(keepingCapacity: true)
    uses.removeAll(keepingCapacity: true)
    head = 0
    blocks = 0
  }

  /// A chain that was used lately.
  func recent(_ random: inout SplitMix64) -> UInt64? {
    let count = uses.count - head
    guard count > 0 else { return nil }
    return uses[uses.count - 1 - random.below(min(count, 64))].chain
  }

  private mutating func dropUsed() {
    guard head > 4096, head > uses.count / 2 else { return }
    uses.removeFirst(head)
    head = 0
  }
}

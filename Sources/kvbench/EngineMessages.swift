import KVIndexer
import Service
import Simulation

/// Blocks of a forest as an engine's event messages, with tokens that belong to the keys.
enum EngineMessages {
  static let blockSize = 16
  private static let encoder = EventEncoder(generation: .v032)

  /// The tokens of a block: anything that is a function of its key.
  static func tokens(of key: UInt64) -> [TokenID] {
    var random = SplitMix64(seed: key)
    return (0..<blockSize).map { _ in TokenID(random.below(128_000)) }
  }

  /// The prompt whose blocks are `keys`, and a token more, so that an engine may reuse them all.
  static func prompt(_ keys: some Sequence<UInt64>) -> [TokenID] {
    keys.flatMap(tokens) + [1]
  }

  /// A message that stores a range of a chain in one event.
  static func stored(_ chain: Forest.Chain, _ range: Range<Int>) -> [UInt8] {
    encoder.encode(EngineBatch(timestamp: WallClock.seconds(), events: [event(chain, range)]))
  }

  /// A message of several store events.
  static func stored(_ events: [(chain: Forest.Chain, range: Range<Int>)]) -> [UInt8] {
    encoder.encode(
      EngineBatch(timestamp: WallClock.seconds(), events: events.map { event($0.chain, $0.range) }))
  }

  private static func event(_ chain: Forest.Chain, _ range: Range<Int>) -> EngineEvent {
    var blocks = StoredBlocks(
      hashes: chain.hashes[range].map { .integer($0.bits) },
      parent: range.lowerBound == 0 ? nil : .integer(chain.hashes[range.lowerBound - 1].bits),
      tokens: chain.keys[range].flatMap(tokens), blockSize: blockSize)
    blocks.group = 0
    blocks.specKind = "full_attention"
    return .stored(blocks)
  }

  /// A message that removes blocks in one event.
  static func removed(_ hashes: some Sequence<EngineHash>) -> [UInt8] {
    var blocks = RemovedBlocks(hashes: hashes.map { .integer($0.bits) })
    blocks.group = 0
    return encoder.encode(EngineBatch(timestamp: WallClock.seconds(), events: [.removed(blocks)]))
  }
}

import KVIndexer
import Simulation

extension EngineEvent {
  /// The hash that an engine gives to the block of `prompt` that ends at token `end`.
  ///
  /// It depends on everything up to there, and on the engine's `secret`.
  static func hash(_ prompt: [TokenID], end: Int, secret: UInt64 = 0) -> UInt64 {
    var state = secret &+ 0x51_7C_C1_B7_27_22_0A_95
    for token in prompt.prefix(end) {
      state = (state ^ UInt64(token)) &* 0x9E37_79B9_7F4A_7C15
      state ^= state >> 31
    }
    return state
  }

  /// Blocks of a prompt, stored in one event; by default all full ones.
  static func stored(
    _ prompt: [TokenID], blocks: Range<Int>? = nil, blockSize: Int = 4, secret: UInt64 = 0,
    _ adjust: (inout StoredBlocks) -> Void = { _ in }
  ) -> EngineEvent {
    let range = blocks ?? 0..<prompt.count / blockSize
    var stored = StoredBlocks(
      hashes: range.map { .integer(hash(prompt, end: ($0 + 1) * blockSize, secret: secret)) },
      parent: range.lowerBound == 0
        ? nil : .integer(hash(prompt, end: range.lowerBound * blockSize, secret: secret)),
      tokens: Array(prompt[range.lowerBound * blockSize..<range.upperBound * blockSize]),
      blockSize: blockSize)
    adjust(&stored)
    return .stored(stored)
  }

  /// The same blocks announced by hash alone, as offloading connectors do.
  static func placeholder(
    _ prompt: [TokenID], blocks: Range<Int>, blockSize: Int = 4, secret: UInt64 = 0,
    medium: String = "CPU"
  ) -> EngineEvent {
    stored(prompt, blocks: blocks, blockSize: blockSize, secret: secret) {
      $0.tokens = []
      $0.blockSize = 0
      $0.parent = nil
      $0.medium = medium
    }
  }

  /// Blocks of a prompt, removed in one event.
  static func removed(
    _ prompt: [TokenID], blocks: Range<Int>, blockSize: Int = 4, secret: UInt64 = 0,
    _ adjust: (inout RemovedBlocks) -> Void = { _ in }
  ) -> EngineEvent {
    var removed = RemovedBlocks(
      hashes: blocks.map { .integer(hash(prompt, end: ($0 + 1) * blockSize, secret: secret)) })
    adjust(&removed)
    return .removed(removed)
  }
}

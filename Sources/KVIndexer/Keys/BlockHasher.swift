import CXXH

/// Computes block keys: keyed, chained XXH3 over token ids.
///
///     local(i) = XXH3_64(tokens of block i, seed)  [⊕ digest of its extra keys]
///     key(i)   = chain(key(i − 1), local(i)),      key(−1) = root(model, LoRA, block size)
///
/// Local hashes do not depend on each other, so the processor overlaps them; chaining adds two
/// multiplications a block. Whoever does not know the seed can neither predict nor collide keys.
public struct BlockHasher: Sendable {
  /// The secret that keys every hash.
  public let seed: UInt64

  /// A hasher with a key of its own for this process.
  public init() { seed = UInt64.random(in: .min ... .max) }

  /// A hasher whose keys agree with those of every process that is given the same `sharedKey`.
  public init(sharedKey: String) {
    var text = sharedKey
    seed = text.withUTF8 { XXH3_64bits($0.baseAddress, $0.count) }
  }

  /// The root of a namespace: what the key of a first block chains from.
  ///
  /// Prompts of different models, LoRA adapters or block sizes never share a key.
  public func root(model: String, lora: String?, blockSize: Int) -> BlockKey {
    var hash = XXH3_64bits_withSeed([UInt64(blockSize), lora == nil ? 0 : 1], 16, seed)
    for part in [model, lora ?? ""] {
      var text = part
      hash = Self.chain(
        hash, text.withUTF8 { XXH3_64bits_withSeed($0.baseAddress, $0.count, seed) })
    }
    return BlockKey(hash)
  }

  /// The hash of one block's tokens and extra keys, apart from what is before it.
  ///
  /// - Parameters:
  ///   - tokens: Shape `[count]`.
  ///   - extra: The digest of the block's extra keys, 0 for none.
  @inline(__always)
  public func local(_ tokens: UnsafePointer<TokenID>, count: Int, extra: UInt64) -> UInt64 {
    let hash = XXH3_64bits_withSeed(tokens, count &* MemoryLayout<TokenID>.stride, seed)
    return extra == 0 ? hash : Self.chain(extra, hash)
  }

  /// One step of the chain; a bijection in each argument while the other stays.
  @inline(__always)
  package static func chain(_ parent: UInt64, _ local: UInt64) -> UInt64 {
    var mixed = (parent &* 0x9E37_79B1_85EB_CA87) ^ local
    mixed ^= mixed >> 37
    mixed = mixed &* 0x1656_6791_9E37_79F9
    return mixed ^ (mixed >> 32)
  }

  /// Appends the chained keys of every full block of a prompt to `keys`.
  ///
  /// - Parameters:
  ///   - tokens: The prompt, shape `[tokens]`.
  ///   - extra: Digests of extra keys by block, shape `[≤ blocks]`; missing ones are 0.
  public func keys(
    of tokens: UnsafeBufferPointer<TokenID>, blockSize: Int, root: BlockKey, extra: [UInt64],
    into keys: inout GrowableBuffer<UInt64>
  ) {
    guard blockSize > 0, let base = tokens.baseAddress else { return }
    let blocks = tokens.count / blockSize
    keys.reserve(blocks)
    var parent = root.bits
    for block in 0..<blocks {
      let digest = block < extra.count ? extra[block] : 0
      parent = Self.chain(
        parent, local(base + block &* blockSize, count: blockSize, extra: digest))
      keys.appendReserved(parent)
    }
  }

  /// Hashes the blocks of a batch's stored events: the part of applying it that needs no index.
  public func prepare(_ batch: inout EventBatch) {
    for index in batch.events.indices where batch.events[index].kind == .stored {
      let event = batch.events[index]
      let count = event.hashes.count
      guard event.blockSize > 0, event.tokens.count == count * event.blockSize else { continue }
      let start = batch.locals.count
      batch.locals.reserve(count)
      let tokens = UnsafePointer(batch.tokens.pointer(at: event.tokens.lowerBound))
      let hasExtra = event.extraDigests.count == count
      for block in 0..<count {
        let extra = hasExtra ? batch.extraDigests[event.extraDigests.lowerBound + block] : 0
        batch.locals.appendReserved(
          local(tokens + block &* event.blockSize, count: event.blockSize, extra: extra))
      }
      batch.events[index].locals = start..<start + count
    }
  }
}

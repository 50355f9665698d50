import CXXH
import KVIndexer

/// Names blocks by everything that their KV depends on: all tokens up to their end, and extra keys.
///
/// A block's hash is XXH3 over its tokens, seeded by the parent's hash and the digest of its extra
/// keys. Engines with the same seed give equal names to equal prefixes, as vLLM servers with
/// default settings do; engines with different seeds agree on nothing.
struct BlockHasher {
  private let root: UInt64

  init(seed: UInt64) {
    root = SplitMix64.mix(seed)
  }

  /// Appends the hashes of the blocks that `tokens` fill and `hashes` does not name yet.
  func extend(
    _ hashes: inout [UInt64], over tokens: [TokenID], blockSize: Int, extraKeys: ExtraKeys
  ) {
    tokens.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      let stride = blockSize * MemoryLayout<TokenID>.stride
      for index in hashes.count..<(tokens.count / blockSize) {
        let parent = hashes.last ?? root
        let seed = SplitMix64.mix(parent ^ extraKeys.digest(block: index))
        hashes.append(XXH3_64bits_withSeed(base + index * stride, stride, seed))
      }
    }
  }
}

/// What distinguishes a request's blocks besides their tokens.
struct ExtraKeys {
  let adapter: LoRAAdapter?
  let salt: String?
  private let adapterDigest: UInt64
  private let saltDigest: UInt64

  init(adapter: LoRAAdapter?, salt: String?) {
    self.adapter = adapter
    self.salt = salt
    adapterDigest = Self.digest(adapter?.name, domain: 1)
    saltDigest = Self.digest(salt, domain: 2)
  }

  /// The adapter counts in every block, the salt only in block 0: later blocks chain from it.
  func digest(block index: Int) -> UInt64 {
    index == 0 ? adapterDigest ^ saltDigest : adapterDigest
  }

  /// The keys as events name them, one entry a block of `range`.
  func named(blocks range: Range<Int>) -> [[String]?] {
    let adapterKeys = adapter.map { [$0.name] }
    var names = [[String]?](repeating: adapterKeys, count: range.count)
    if range.first == 0, let salt { names[0] = (adapterKeys ?? []) + [salt] }
    return names
  }

  private static func digest(_ key: String?, domain: UInt64) -> UInt64 {
    guard var key else { return 0 }
    return key.withUTF8 { XXH3_64bits_withSeed($0.baseAddress, $0.count, domain) }
  }
}

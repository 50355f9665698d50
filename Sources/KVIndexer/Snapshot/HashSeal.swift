internal import CXXH

/// A keyed permutation of 64 bits, under which engine hashes are written down.
///
/// Four rounds of a Feistel network over XXH3, whose keys come from the hash key: without it nobody
/// can tell whether a hash that they know is among those written.
struct HashSeal: Sendable {
  private let keys: (UInt64, UInt64, UInt64, UInt64)
  /// Equal for equal hash keys; tells nothing of them.
  let check: UInt64

  /// - Parameter seed: The hash key, as the block hasher has it.
  init(seed: UInt64) {
    keys = (
      Self.derived("snapshot round 1", seed), Self.derived("snapshot round 2", seed),
      Self.derived("snapshot round 3", seed), Self.derived("snapshot round 4", seed)
    )
    check = Self.derived("kv-indexer snapshot key", seed)
  }

  private static func derived(_ purpose: StaticString, _ seed: UInt64) -> UInt64 {
    XXH3_64bits_withSeed(purpose.utf8Start, purpose.utf8CodeUnitCount, seed)
  }

  @inline(__always)
  private static func mixed(_ half: UInt32, _ key: UInt64) -> UInt32 {
    var half = half
    return UInt32(truncatingIfNeeded: XXH3_64bits_withSeed(&half, 4, key))
  }

  @inline(__always)
  func seal(_ hash: UInt64) -> UInt64 {
    var left = UInt32(truncatingIfNeeded: hash >> 32)
    var right = UInt32(truncatingIfNeeded: hash)
    left ^= Self.mixed(right, keys.0)
    right ^= Self.mixed(left, keys.1)
    left ^= Self.mixed(right, keys.2)
    right ^= Self.mixed(left, keys.3)
    return UInt64(left) << 32 | UInt64(right)
  }

  @inline(__always)
  func open(_ sealed: UInt64) -> UInt64 {
    var left = UInt32(truncatingIfNeeded: sealed >> 32)
    var right = UInt32(truncatingIfNeeded: sealed)
    right ^= Self.mixed(left, keys.3)
    left ^= Self.mixed(right, keys.2)
    right ^= Self.mixed(left, keys.1)
    left ^= Self.mixed(right, keys.0)
    return UInt64(left) << 32 | UInt64(right)
  }
}

import CXXH

/// Folds what sets two equal runs of tokens apart (cache salt, images, embeddings) into 64 bits.
///
/// One hasher makes the digest of one block. An event names a block's entries in the engine's
/// order, a request adds the same ones in the same order, and with one seed the digests are equal.
/// The LoRA adapter is no entry: it chooses a namespace of its own.
///
/// The encoding is canonical: an entry is folded by what it is and says, not by how wide msgpack
/// wrote it. Each fold hashes the entry's bytes under the state before it, so order counts:
///
///     state = XXH3_64bits(bytes of the entry, seed: state ^ constant of its kind)
///
/// A list folds its count first, then its elements, which keeps `[a, [b]]` and `[[a, b]]` apart.
public struct ExtraKeyHasher: Sendable {
  private var state: UInt64
  private var isEmpty = true

  /// Digests can be compared only between hashers of equal `seed`.
  public init(seed: UInt64) { state = seed }

  /// Adds a cache salt; engines name it with the first block of a prompt only.
  public mutating func add(_ salt: String) {
    var salt = salt
    salt.withUTF8 { add(text: UnsafeRawBufferPointer($0)) }
  }

  /// Adds an image or other item by its content hash, and where it starts.
  ///
  /// - Parameters:
  ///   - multimodal: The engine's identifier of the item.
  ///   - offset: Tokens from the start of the block to the start of the item, as the engine says.
  public mutating func add(multimodal: String, offset: Int) {
    addList(count: 2)
    add(multimodal)
    add(integer: UInt64(bitPattern: Int64(offset)))
  }

  /// Adds bytes, such as the digest of prompt embeddings.
  public mutating func add(bytes: UnsafeRawBufferPointer) { fold(.bytes, bytes) }

  /// The digest of what was added: 0 if nothing was, else never 0.
  public func digest() -> UInt64 { isEmpty ? 0 : max(state, 1) }

  mutating func add(text: UnsafeRawBufferPointer) { fold(.text, text) }

  /// Adds an integer in two's complement.
  mutating func add(integer: UInt64) { fold(.integer, number: integer) }

  /// Opens a list; its elements follow.
  mutating func addList(count: Int) { fold(.list, number: UInt64(count)) }

  private mutating func fold(_ kind: Kind, number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { fold(kind, $0) }
  }

  private mutating func fold(_ kind: Kind, _ bytes: UnsafeRawBufferPointer) {
    state = XXH3_64bits_withSeed(bytes.baseAddress, bytes.count, state ^ kind.rawValue)
    isEmpty = false
  }

  /// Arbitrary odd constants, one a kind.
  private enum Kind: UInt64 {
    case text = 0x6a09_e667_f3bc_c909
    case bytes = 0xbb67_ae85_84ca_a73b
    case integer = 0x3c6e_f372_fe94_f82b
    case list = 0xa54f_f53a_5f1d_36f1
  }
}

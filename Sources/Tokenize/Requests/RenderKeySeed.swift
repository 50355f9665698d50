import CXXH

/// The secret that render keys are computed with.
///
/// Keys of different seeds have nothing in common. Whoever does not know the seed can neither
/// predict keys nor make two bodies collide.
public struct RenderKeySeed: Equatable, Sendable {
  /// XXH3's secret: 192 bytes, as many as its own.
  private let words: [UInt64]

  /// A seed of its own for this process.
  public init() {
    words = (0..<24).map { _ in .random(in: .min ... .max) }
  }

  /// The same seed for the same `number`, for tests.
  public init(deterministic number: UInt64) {
    words = (0..<24).map { word in
      withUnsafeBytes(of: word) { XXH3_64bits_withSeed($0.baseAddress, $0.count, number) }
    }
  }

  func hash(_ bytes: UnsafeRawBufferPointer) -> RenderKey {
    words.withUnsafeBytes { secret in
      let hash = XXH3_128bits_withSecret(
        bytes.baseAddress, bytes.count, secret.baseAddress, secret.count)
      return RenderKey(high: hash.high64, low: hash.low64)
    }
  }
}

/// Computes a render key while a body is read: a chain of hashes over its fields, in their order.
///
///     field(i) = XXH3_128(bytes of field i, from its key's quote to its value's end)
///     key(i)   = XXH3_128(key(i − 1) ‖ field(i)),   key(−1) = XXH3_128(API)
///
/// Nothing is copied. The same fields in another order, or with other whitespace inside, make
/// another key: that costs a render call, never a wrong answer.
struct RenderKeyHasher {
  private let seed: RenderKeySeed
  /// The key of the fields so far.
  private(set) var key: RenderKey

  init(_ api: InferenceAPI, seed: RenderKeySeed) {
    self.seed = seed
    var name = api.rawValue
    key = name.withUTF8 { seed.hash(UnsafeRawBufferPointer($0)) }
  }

  mutating func add(_ field: UnsafeRawBufferPointer) {
    let pair = (key, seed.hash(field))
    key = withUnsafeBytes(of: pair) { seed.hash($0) }
  }

  /// The key of a body of which every byte counts.
  func replaced(by body: UnsafeRawBufferPointer) -> RenderKey {
    var whole = self
    whole.add(body)
    return whole.key
  }
}

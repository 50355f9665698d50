import CXXH
import KVIndexer

/// Stands in for the model's weights: the next token of a sequence, always the same one.
///
/// It looks at the length of the sequence and its last tokens only, so that sampling costs the same
/// at every length. Engines with the same seed answer alike, whatever their block hashes are.
struct OutputModel {
  private static let window = 32

  let seed: UInt64
  let vocabularySize: Int

  /// The token after `tokens`, which must not be empty.
  func next(after tokens: [TokenID]) -> TokenID {
    let digest = tokens.suffix(Self.window).withUnsafeBytes {
      XXH3_64bits_withSeed($0.baseAddress, $0.count, seed &+ UInt64(tokens.count))
    }
    return TokenID(digest.multipliedFullWidth(by: UInt64(vocabularySize)).high)
  }
}

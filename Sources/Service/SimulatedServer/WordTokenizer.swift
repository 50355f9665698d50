package import KVIndexer

/// The tokenizer of simulated servers: a token is a word with the white space before it.
///
/// Token 17 is spelled ` t17`, so answers that come back in the next prompt are the same tokens
/// again. Any other word becomes the FNV-1a hash of its bytes, modulo the size of the vocabulary:
/// the same on every server, and of no use for anything else.
package struct WordTokenizer: Sendable {
  private let vocabularySize: Int

  package init(vocabularySize: Int) { self.vocabularySize = vocabularySize }

  /// The tokens of `text`, one a word.
  package func tokens(of text: String) -> [TokenID] {
    text.utf8.split { $0 == 0x20 || (0x09...0x0d).contains($0) }.map(token)
  }

  /// A text whose tokens are `tokens`.
  package func text(of tokens: [TokenID]) -> String {
    tokens.map { " t\($0)" }.joined()
  }

  private func token(of word: Substring.UTF8View) -> TokenID {
    if word.first == UInt8(ascii: "t"), let number = TokenID(Substring(word.dropFirst())),
      number < vocabularySize
    {
      return number
    }
    let hash = word.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return TokenID(hash % UInt64(vocabularySize))
  }
}

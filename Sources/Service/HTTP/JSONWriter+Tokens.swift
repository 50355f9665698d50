import KVIndexer
import Tokenize

extension JSONWriter {
  /// Writes a field of token ids.
  mutating func tokens(_ name: String, _ tokens: [TokenID]) {
    field(name) { json in
      json.array { json in for token in tokens { json.integer(Int(token)) } }
    }
  }
}

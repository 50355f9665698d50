package import Tokenize

/// A value of a YAML document, and where it stands.
package struct YAMLNode: Sendable, Equatable {
  package struct Entry: Sendable, Equatable {
    package var key: String
    package var keyMark: TextPosition
    package var value: YAMLNode
  }

  package indirect enum Content: Sendable, Equatable {
    /// Plain means without quotes: only then can the text mean a number, a boolean or null.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    /// In the order of the document; no key comes twice.
    case mapping([Entry])
  }

  package var content: Content
  package var mark: TextPosition

  /// An empty value, `~` or `null` without quotes.
  package var isNull: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }

  /// What the value is, with its article, for messages.
  var phrase: String {
    switch content {
    case .sequence: "a list"
    case .mapping: "a mapping"
    case .scalar(let text, _): isNull ? "null" : "'\(text)'"
    }
  }
}

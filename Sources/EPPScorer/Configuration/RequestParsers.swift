public import Tokenize

/// Which requests are understood, which pass without being understood, and which are refused.
public struct RequestParsers: Sendable {
  /// What becomes of the requests of a path.
  public enum Treatment: Equatable, Sendable {
    /// They hold a prompt in the shape of this API.
    case prompt(InferenceAPI)
    /// They are routed without a look at a prompt.
    case opaque
    /// No parser takes them.
    case refused
  }

  /// In the order of the configuration, which decides between equals.
  public let parsers: [any RequestParser]
  /// The longer before the shorter.
  private let endings: [String]

  /// Parsers; at least one.
  public init(_ parsers: [any RequestParser]) {
    self.parsers = parsers
    endings = parsers.flatMap(\.pathEndings).sorted { $0.utf8.count > $1.utf8.count }
  }

  /// What a configuration without parsers has.
  public static let standard = RequestParsers([
    OpenAIParser(), AnthropicParser(), VLLMHTTPParser(), PassthroughParser(),
  ])

  /// Whether requests of unknown paths pass.
  public var passesUnknown: Bool { parsers.contains { $0.pathEndings.isEmpty } }

  /// What becomes of the requests of `path`.
  ///
  /// The longest known end of the path decides, at a segment's boundary: `/foo-completions` is not
  /// known. A query and a slash at the end don't count.
  public func treatment(ofPath path: String) -> Treatment {
    var segments = path.utf8.prefix { $0 != UInt8(ascii: "?") }
    if segments.last == UInt8(ascii: "/") { segments.removeLast() }
    let ending = endings.first { ending in
      segments.suffix(ending.utf8.count).elementsEqual(ending.utf8)
        && segments.dropLast(ending.utf8.count).last ?? UInt8(ascii: "/") == UInt8(ascii: "/")
    }
    guard let ending else { return passesUnknown ? .opaque : .refused }
    // Ends in `render` or `count_tokens`, among others, name no API.
    return InferenceAPI(path: ending).map(Treatment.prompt) ?? .opaque
  }
}

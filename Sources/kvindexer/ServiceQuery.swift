import Foundation

/// A path with the parameters of its query that have a value.
struct ServiceQuery {
  private let path: String
  private var items: [(name: String, value: String)] = []

  init(_ path: String) { self.path = path }

  mutating func add(_ name: String, _ value: String?) {
    if let value { items.append((name, value)) }
  }

  mutating func add(_ name: String, _ value: Int?) { add(name, value.map { "\($0)" }) }

  /// Percent-encoded.
  var text: String {
    guard !items.isEmpty else { return path }
    return path + "?"
      + items.map { "\($0.name)=\(Self.encoded($0.value))" }.joined(separator: "&")
  }

  /// The characters that RFC 3986 leaves as they are.
  private static let unreserved = CharacterSet(
    charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")

  static func encoded(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? text
  }
}

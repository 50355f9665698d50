/// Why there is no answer.
package struct HTTPClientError: Error, Equatable, CustomStringConvertible {
  package enum Kind: Sendable {
    case badURL
    /// Nobody listens there, or the name has no address.
    case connect
    case timedOut
    case tooLarge
    /// The connection broke, or what came was not HTTP.
    case transfer
  }

  package var kind: Kind
  package var message: String

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  package var description: String { message }
}

/// Why there is no answer.
package struct HTTPClientError: Error, Equatable, CustomStringConvertible {
  package enum Kind: Sendable {
    case badURL
    /// A header that HTTP can't carry.
    case badHeader
    /// Nobody listens there, or the name has no address.
    case connect
    /// The server's certificate is not to be trusted, or nothing says whom to trust.
    case untrusted
    case timedOut
    case tooLarge
    /// The connection broke, or what came was not HTTP.
    case transfer
    /// More requests wait than may.
    case overloaded
    /// The client was stopped.
    case stopped
  }

  package var kind: Kind
  package var message: String

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  package var description: String { message }
}

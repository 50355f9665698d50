/// A request to be sent, with all that it needs.
package struct HTTPCall: Sendable {
  package var server: HTTPClient.Server
  package var security = HTTPClient.Security()
  package var method = "POST"
  /// Percent-encoded, from its first slash on.
  package var path: String
  package var headers: [(name: String, value: String)] = []
  package var body: [UInt8]?

  package init(_ server: HTTPClient.Server, path: String) {
    self.server = server
    self.path = path
  }

  /// A request with a body of JSON.
  package init(_ server: HTTPClient.Server, post path: String, json: [UInt8]) {
    self.init(server, path: path)
    headers = [(name: "Content-Type", value: "application/json")]
    body = json
  }
}

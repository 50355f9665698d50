package import Tokenize

/// What a handler answers.
package struct HTTPResponse: Sendable {
  package var status: Int
  package var contentType: String
  /// Headers besides the content's type and length.
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]

  package init(
    status: Int = 200, contentType: String, headers: [(name: String, value: String)] = [],
    body: [UInt8]
  ) {
    self.status = status
    self.contentType = contentType
    self.headers = headers
    self.body = body
  }

  /// An answer of one JSON value.
  package init(status: Int = 200, json: JSONWriter) {
    self.init(status: status, contentType: "application/json", body: json.bytes)
  }

  /// The answer to a request that failed.
  package init(_ error: HTTPError) {
    var json = JSONWriter()
    error.write(to: &json)
    self.init(status: error.status, json: json)
    headers = error.headers
  }
}

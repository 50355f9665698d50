package import Tokenize

/// Why a request could not be answered, in the words of the API.
package struct HTTPError: Error, Sendable {
  package var status: Int
  /// The class of errors that it belongs to, for example `invalid_request`.
  package var type: String
  package var message: String
  /// The field or parameter at fault.
  package var param: String?
  package var headers: [(name: String, value: String)] = []

  package init(status: Int, type: String, message: String, param: String? = nil) {
    self.status = status
    self.type = type
    self.message = message
    self.param = param
  }

  /// The client's fault, status 400.
  package static func invalidRequest(_ message: String, param: String? = nil) -> HTTPError {
    HTTPError(status: 400, type: "invalid_request", message: message, param: param)
  }

  /// What the request names does not exist, status 404.
  package static func notFound(_ message: String, param: String? = nil) -> HTTPError {
    HTTPError(status: 404, type: "not_found", message: message, param: param)
  }

  /// A fault of ours, status 500.
  package static func internalError(_ message: String) -> HTTPError {
    HTTPError(status: 500, type: "internal_error", message: message)
  }

  static func methodNotAllowed(_ allowed: [HTTPMethod]) -> HTTPError {
    let names = allowed.map(\.rawValue).sorted().joined(separator: ", ")
    var error = HTTPError(
      status: 405, type: "method_not_allowed", message: "the methods of this path are \(names)")
    error.headers = [(name: "Allow", value: names)]
    return error
  }

  static func bodyTooLarge(bodyBytesMax: Int) -> HTTPError {
    HTTPError(
      status: 413, type: "body_too_large",
      message: "a body may have at most \(bodyBytesMax) bytes")
  }

  static func headersTooLarge(headerBytesMax: Int) -> HTTPError {
    HTTPError(
      status: 431, type: "headers_too_large",
      message: "the line and headers of a request may have at most \(headerBytesMax) bytes")
  }

  /// No token, or a wrong one, status 401.
  package static var unauthorized: HTTPError {
    var error = HTTPError(
      status: 401, type: "unauthorized",
      message: "a valid token is needed in the header Authorization: Bearer TOKEN")
    error.headers = [(name: "WWW-Authenticate", value: "Bearer")]
    return error
  }

  /// There is too much to do, status 503; the client may try again soon.
  package static func overloaded(_ message: String) -> HTTPError {
    var error = HTTPError(status: 503, type: "overloaded", message: message)
    error.headers = [(name: "Retry-After", value: "1")]
    return error
  }

  static var buffersFull: HTTPError { .overloaded("too many request bodies are held") }

  /// The answer to a request that is not admitted.
  package init(_ refusal: RequestAdmission.Refusal) {
    switch refusal {
    case .overloaded:
      self = .overloaded("too many requests are under way")
    case .tooManyRequests:
      self.init(
        status: 429, type: refusal.rawValue, message: "this client has too many requests under way")
      headers = [(name: "Retry-After", value: "1")]
    }
  }

  /// The answer to a body that could not be read.
  package init(_ error: RequestBodyError) {
    self = .invalidRequest(error.message, param: error.param)
  }

  /// Writes the error in the one shape that errors have.
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.field("error") { json in
        json.object { json in
          json.field("message", message)
          json.field("type", type)
          json.field("param", param)
        }
      }
    }
  }
}

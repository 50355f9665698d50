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

  /// The answer to a body that could not be read.
  package init(_ error: RequestBodyError) {
    self = .invalidRequest(error.message, param: error.param)
  }
}

import Tokenize

/// Why a simulated server does not do what it was asked, in vLLM's words for such errors.
struct ModelServerError: Error {
  enum Kind: String {
    /// The request can't be read.
    case unreadable = "Bad Request"
    case badRequest = "BadRequestError"
    case notFound = "NotFoundError"
    case disabled = "PermissionDeniedError"
    case overloaded = "ServiceUnavailableError"
    case engineDead = "InternalServerError"

    var status: Int {
      switch self {
      case .unreadable, .badRequest: 400
      case .notFound: 404
      case .disabled: 403
      case .overloaded: 503
      case .engineDead: 500
      }
    }
  }

  var kind: Kind
  var message: String
  var param: String?

  init(_ kind: Kind, _ message: String, param: String? = nil) {
    self.kind = kind
    self.message = message
    self.param = param
  }

  /// The answer: the only place that gives these errors their shape.
  var response: HTTPResponse {
    var json = JSONWriter()
    json.object { json in
      json.field("error") { json in
        json.object { json in
          json.field("message", message)
          json.field("type", kind.rawValue)
          json.field("param", param)
          json.field("code", kind.status)
        }
      }
    }
    return HTTPResponse(status: kind.status, json: json)
  }
}

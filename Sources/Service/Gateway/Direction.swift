package import EPPScorer

/// What becomes of a request.
package enum Direction: Sendable {
  case route(Route)
  case refuse(Refusal)
}

/// Where a request goes, and what changes on its way.
package struct Route: Sendable {
  /// `host:port`, or several with commas between.
  package var destination: String
  /// To set besides the destination; names are in lower case.
  package var setHeaders: [SchedulingResult.Header] = []
  /// What clients must not send.
  package var removeHeaders: [String] = []
  /// To set on the response; names are in lower case.
  package var responseHeaders: [SchedulingResult.Header] = []
  /// The body in place of the client's; nil to send the client's bytes on untouched.
  ///
  /// A request that came without a body goes on without one.
  package var body: [UInt8]?
  /// Every candidate's score for the gateway's metadata; nil to leave it out.
  package var scores: [(address: String, score: Double)]?
  /// To put the client's name for the model back into the response; nil where it was not changed.
  package var modelRewrite: ModelRewrite?
  /// Takes what the response tells.
  package var exchange: any RoutedExchange
  /// Whether the response is worth reading for its usage; without it the gateway is let go.
  package var readsResponse = true

  package init(destination: String, exchange: any RoutedExchange) {
    self.destination = destination
    self.exchange = exchange
  }
}

/// A model that the client asked for under another name than the engine has for it.
package struct ModelRewrite: Sendable, Equatable {
  package var client: String
  package var target: String

  package init(client: String, target: String) {
    self.client = client
    self.target = target
  }
}

/// Why a request is answered here and goes nowhere.
package struct Refusal: Error, Sendable, Equatable {
  /// The errors that llm-d's picker answers with.
  package enum Code: String, MetricLabel {
    case badRequest = "BadRequest"
    case unauthorized = "Unauthorized"
    case forbidden = "Forbidden"
    case notFound = "NotFound"
    case preconditionFailed = "PreconditionFailed"
    case resourceExhausted = "ResourceExhausted"
    case internalError = "Internal"
    case serviceUnavailable = "ServiceUnavailable"

    package static let labelName = "code"

    package var httpStatus: Int {
      switch self {
      case .badRequest: 400
      case .unauthorized: 401
      case .forbidden: 403
      case .notFound: 404
      case .preconditionFailed: 412
      case .resourceExhausted: 429
      case .internalError: 500
      case .serviceUnavailable: 503
      }
    }
  }

  package var code: Code
  package var message: String
  /// The value of `GatewayHeader.droppedReason`; nil to leave it out.
  package var droppedReason: String?

  package init(_ code: Code, _ message: String, droppedReason: String? = nil) {
    self.code = code
    self.message = message
    self.droppedReason = droppedReason
  }

  /// The text of the response.
  package var body: String { "inference error: \(code.rawValue) - \(message)" }
}

extension RenderAnswer {
  /// The most of a renderer's message that is passed on, in characters.
  private static let messageLengthMax = 500

  /// What a status other than 200 means.
  ///
  /// vLLM answers 403 when its render endpoints are off, and 404 where it has none (up to 0.28) or
  /// where it does not know the model; only the latter is a `NotFoundError` about the model.
  static func failure(status: Int, body: [UInt8]) -> RenderFailure {
    let error = ErrorObject(body)
    let message = String((error.message ?? "").prefix(messageLengthMax))
    switch status {
    case 400, 413, 422: return .refused(status: status, message: message)
    case 401: return .unauthorized
    case 403: return .disabled(status: status)
    case 404:
      return error.isAboutModel ? .unknownModel(message: message) : .disabled(status: status)
    default: return .unexpectedStatus(status, message: message)
    }
  }
}

/// The error in an answer, as far as there is one: `{"error": {"message", "type", "param"}}`.
private struct ErrorObject {
  var message: String?
  var type: String?
  var param: String?

  /// Older versions leave `param` null, and name the model in the message alone.
  var isAboutModel: Bool {
    type == "NotFoundError" && (param == "model" || (message ?? "").contains("model"))
  }

  /// Reads what it can: a proxy's page of HTML is an error without particulars.
  init(_ body: [UInt8]) {
    body.withUnsafeBytes { bytes in
      var cursor = JSONCursor(bytes)
      do throws(AnswerError) {
        try read(&cursor)
      } catch {
        self = ErrorObject()
      }
    }
  }

  private init() {}

  private mutating func read(_ cursor: inout JSONCursor) throws(AnswerError) {
    var found = ErrorObject()
    try cursor.object { cursor, key throws(AnswerError) in
      guard key == "error" else { return try cursor.skip() }
      try cursor.object { cursor, key throws(AnswerError) in
        if key == "message" {
          found.message = try cursor.optionalString()
        } else if key == "type" {
          found.type = try cursor.optionalString()
        } else if key == "param" {
          found.param = try cursor.optionalString()
        } else {
          try cursor.skip()
        }
      }
    }
    self = found
  }
}

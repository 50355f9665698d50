/// What somebody says that an engine reused of a prompt.
public struct FeedbackReport: Equatable, Sendable {
  /// The client's name for the request.
  public var requestID: String
  /// The endpoint that served it.
  public var endpoint: String
  /// Tokens of the prompt that the engine did not compute.
  public var cachedTokens: Int
  public var promptTokens: Int
  public var outputTokens: Int?
  public var firstTokenMilliseconds: Double?

  enum Field: String, CaseIterable {
    case endpoint
    case requestID = "request_id"
    case cachedTokens = "cached_tokens"
    case promptTokens = "prompt_tokens"
    case outputTokens = "output_tokens"
    case firstTokenMilliseconds = "ttft_ms"
  }

  /// Tokens that a report can tell of.
  public static let tokensMax = 1 << 30

  init(parsing body: UnsafeRawBufferPointer) throws(RequestBodyError) {
    var reader = try RequestBodyReader<Field>(body)
    var requestID: String?
    var endpoint: String?
    var cachedTokens: Int?
    var promptTokens: Int?
    while let field = try reader.nextField() {
      switch field {
      case .requestID: requestID = try reader.name()
      case .endpoint: endpoint = try reader.name()
      case .cachedTokens: cachedTokens = try reader.integer(in: 0...Self.tokensMax)
      case .promptTokens: promptTokens = try reader.integer(in: 0...Self.tokensMax)
      case .outputTokens: outputTokens = try reader.integer(in: 0...Self.tokensMax)
      case .firstTokenMilliseconds: firstTokenMilliseconds = try reader.number(in: 0...1e9)
      }
    }
    self.requestID = try reader.require(requestID, .requestID)
    self.endpoint = try reader.require(endpoint, .endpoint)
    self.cachedTokens = try reader.require(cachedTokens, .cachedTokens)
    self.promptTokens = try reader.require(promptTokens, .promptTokens)
    guard self.cachedTokens <= self.promptTokens else {
      throw reader.failure("a prompt has no fewer tokens than are cached", param: "cached_tokens")
    }
  }
}

/// The body of `POST /v1/feedback`: one report, or several as `{"feedback": […]}`.
public enum FeedbackRequest: Sendable {
  case one(FeedbackReport)
  /// One that can't be read does not spoil the others: its error stands in its place.
  case several([Result<FeedbackReport, RequestBodyError>])

  /// Reports that one body can have.
  public static let reportsMax = 1024

  private enum Field: String, CaseIterable { case feedback }

  /// Reads a body in one pass.
  ///
  /// - Throws: `RequestBodyError` when it is malformed, or has more than `reportsMax` reports.
  public init(parsing body: [UInt8]) throws(RequestBodyError) {
    self = try body.span.withUnsafeBytes { bytes throws(RequestBodyError) in
      Self.isList(bytes)
        ? .several(try Self.list(bytes)) : .one(try FeedbackReport(parsing: bytes))
    }
  }

  /// Whether the first field is the list; reading anything else as one report says what is wrong.
  private static func isList(_ body: UnsafeRawBufferPointer) -> Bool {
    var cursor = JSONCursor(body)
    do throws(JSONError) {
      try cursor.beginObject()
      guard let key = try cursor.nextKey() else { return false }
      return key == "feedback"
    } catch {
      return false
    }
  }

  private static func list(
    _ body: UnsafeRawBufferPointer
  ) throws(RequestBodyError) -> [Result<FeedbackReport, RequestBodyError>] {
    var reader = try RequestBodyReader<Field>(body)
    var ranges: [Range<Int>]?
    while let field = try reader.nextField() {
      switch field {
      case .feedback:
        ranges = try reader.read { cursor throws(JSONError) in
          var ranges: [Range<Int>] = []
          try cursor.beginArray()
          while try cursor.nextElement() { ranges.append(try cursor.rawValue()) }
          return ranges
        }
      }
    }
    let found = try reader.require(ranges, .feedback)
    guard (1...reportsMax).contains(found.count) else {
      throw reader.failure(
        "expected 1 to \(reportsMax) reports, not \(found.count)", param: "feedback")
    }
    return found.map { range in
      Result { () throws(RequestBodyError) in
        try FeedbackReport(parsing: UnsafeRawBufferPointer(rebasing: body[range]))
      }
    }
  }
}

/// The body of `POST /v1/score` that asks for several prompts: `{"requests": […]}`.
///
/// One that can't be read does not spoil the others: its error stands in its place.
public struct ScoreBatchRequest: Sendable {
  public var requests: [Result<ScoreRequest, RequestBodyError>] = []
  /// How long all answers together may take, in milliseconds; nil means the server's default.
  public var deadlineMilliseconds: Int?

  /// Prompts that one batch can have.
  public static let requestsMax = 1024

  private enum Field: String, CaseIterable {
    case requests
    case deadlineMilliseconds = "deadline_ms"
  }

  /// Whether a body is one of this kind: whether its first field is one that only batches have.
  ///
  /// A body that is no object is neither; reading it as a single request says what is wrong.
  public static func matches(_ body: [UInt8]) -> Bool {
    body.withUnsafeBytes { bytes in
      var cursor = JSONCursor(bytes)
      do {
        try cursor.beginObject()
        while let key = try cursor.nextKey() {
          if key == "requests" { return true }
          guard key == "deadline_ms" else { return false }
          try cursor.skipValue()
        }
      } catch {
        return false
      }
      return false
    }
  }

  /// Reads a body in one pass.
  ///
  /// - Throws: `RequestBodyError` when the batch itself is malformed, or has more than
  ///   `requestsMax` requests.
  public init(parsing body: [UInt8]) throws(RequestBodyError) {
    self = try body.span.withUnsafeBytes { bytes throws(RequestBodyError) in
      try Self(parsing: bytes)
    }
  }

  private init(parsing body: UnsafeRawBufferPointer) throws(RequestBodyError) {
    var reader = try RequestBodyReader<Field>(body)
    var ranges: [Range<Int>]?
    while let field = try reader.nextField() {
      switch field {
      case .deadlineMilliseconds:
        deadlineMilliseconds = try reader.integer(in: ScoreRequest.deadlineRange)
      case .requests:
        ranges = try reader.read { cursor throws(JSONError) in
          var ranges: [Range<Int>] = []
          try cursor.beginArray()
          while try cursor.nextElement() { ranges.append(try cursor.rawValue()) }
          return ranges
        }
      }
    }
    let found = try reader.require(ranges, .requests)
    guard (1...Self.requestsMax).contains(found.count) else {
      throw reader.failure(
        "expected 1 to \(Self.requestsMax) requests, not \(found.count)", param: "requests")
    }
    requests = found.map { range in
      Result { () throws(RequestBodyError) in
        try ScoreRequest(parsing: UnsafeRawBufferPointer(rebasing: body[range]))
      }
    }
  }
}

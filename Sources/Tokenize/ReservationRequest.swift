/// The body of `POST /v1/reservations`: `endpoint` will hold these tokens soon.
public struct ReservationRequest: Equatable, Sendable {
  /// The client's name for the request; a later reservation with the same name replaces this one.
  public var requestID: String
  /// The endpoint's name.
  public var endpoint: String
  /// The model's served name; nil means the only one.
  public var model: String?
  public var tokens: [UInt32]
  public var cacheSalt: String?
  /// The adapter's name.
  public var lora: String?
  /// How long the claim holds unless it is released or comes true; nil means the server's default.
  public var lifetimeMilliseconds: Int?

  private enum Field: String, CaseIterable {
    case endpoint, model, tokens, lora
    case requestID = "request_id"
    case cacheSalt = "cache_salt"
    case lifetimeMilliseconds = "ttl_ms"
  }

  /// Reads a body in one pass.
  ///
  /// - Throws: `RequestBodyError` for anything but one object with known fields of the right
  ///   types, of which `request_id`, `endpoint` and `tokens` are required. `ttl_ms` is at most a
  ///   day.
  public init(parsing body: UnsafeRawBufferPointer) throws(RequestBodyError) {
    var reader = try RequestBodyReader<Field>(body)
    var requestID: String?
    var endpoint: String?
    var tokens: [UInt32]?
    while let field = try reader.nextField() {
      switch field {
      case .requestID: requestID = try reader.name()
      case .endpoint: endpoint = try reader.name()
      case .model: model = try reader.name()
      case .tokens: tokens = try reader.tokens()
      case .cacheSalt: cacheSalt = try reader.string()
      case .lora: lora = try reader.string()
      case .lifetimeMilliseconds: lifetimeMilliseconds = try reader.integer(in: 1...86_400_000)
      }
    }
    self.requestID = try reader.require(requestID, .requestID)
    self.endpoint = try reader.require(endpoint, .endpoint)
    self.tokens = try reader.require(tokens, .tokens)
  }

  /// Reads a body in one pass, as `init(parsing:)` of raw bytes does.
  public init(parsing body: [UInt8]) throws(RequestBodyError) {
    self = try body.span.withUnsafeBytes { bytes throws(RequestBodyError) in
      try Self(parsing: bytes)
    }
  }
}

/// The body of `POST /v1/score`, which asks what endpoints hold of these tokens.
public struct ScoreRequest: Equatable, Sendable {
  /// The model's served name; nil asks for the only one.
  public var model: String?
  public var tokens: [UInt32]
  public var cacheSalt: String?
  /// The adapter's name.
  public var lora: String?
  /// Names of the endpoints to answer for; nil means all.
  public var endpoints: [String]?
  /// Whether the answer says where each match ends and why.
  public var detail = false

  private enum Field: String, CaseIterable {
    case model, tokens, lora, endpoints, detail
    case cacheSalt = "cache_salt"
  }

  /// Reads a body in one pass.
  ///
  /// - Throws: `RequestBodyError` for anything but one object with known fields of the right
  ///   types, of which `tokens` is required.
  public init(parsing body: UnsafeRawBufferPointer) throws(RequestBodyError) {
    var reader = try RequestBodyReader<Field>(body)
    var tokens: [UInt32]?
    while let field = try reader.nextField() {
      switch field {
      case .model: model = try reader.name()
      case .tokens: tokens = try reader.tokens()
      case .cacheSalt: cacheSalt = try reader.string()
      case .lora: lora = try reader.string()
      case .endpoints: endpoints = try reader.strings()
      case .detail: detail = try reader.bool()
      }
    }
    self.tokens = try reader.require(tokens, .tokens)
  }

  /// Reads a body in one pass, as `init(parsing:)` of raw bytes does.
  public init(parsing body: [UInt8]) throws(RequestBodyError) {
    self = try body.span.withUnsafeBytes { bytes throws(RequestBodyError) in
      try Self(parsing: bytes)
    }
  }
}

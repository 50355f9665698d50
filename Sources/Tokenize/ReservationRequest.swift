/// The body of `POST /v1/reservations`: `endpoint` will hold this prompt soon.
public struct ReservationRequest: Equatable, Sendable {
  /// The client's name for the request; a later reservation with the same name replaces this one.
  public var requestID: String
  /// The endpoint's name.
  public var endpoint: String
  /// The model's served name; nil means the only one.
  public var model: String?
  public var prompt: PromptInput
  /// The salt; nil means the body's own.
  public var cacheSalt: String?
  /// The adapter's name.
  public var lora: String?
  /// How long the claim holds unless it is released or comes true; nil means the server's default.
  public var lifetimeMilliseconds: Int?

  enum Field: String, CaseIterable {
    case endpoint, model, lora
    case requestID = "request_id"
    case cacheSalt = "cache_salt"
    case lifetimeMilliseconds = "ttl_ms"
  }

  /// Reads a body in one pass.
  ///
  /// - Throws: `RequestBodyError` for anything but one object with known fields of the right
  ///   types, of which `request_id`, `endpoint` and a prompt in one form are required. `ttl_ms` is
  ///   at most a day.
  public init(parsing body: UnsafeRawBufferPointer) throws(RequestBodyError) {
    var reader = try RequestBodyReader<EitherField<Field, PromptFields.Field>>(body)
    var fields = PromptFields()
    var requestID: String?
    var endpoint: String?
    while let field = try reader.nextField() {
      switch field {
      case .first(.requestID): requestID = try reader.name()
      case .first(.endpoint): endpoint = try reader.name()
      case .first(.model): model = try reader.name()
      case .first(.cacheSalt): cacheSalt = try reader.string()
      case .first(.lora): lora = try reader.string()
      case .first(.lifetimeMilliseconds):
        lifetimeMilliseconds = try reader.integer(in: 1...86_400_000)
      case .second(let field): try fields.read(field, &reader)
      }
    }
    self.requestID = try reader.require(requestID, .first(.requestID))
    self.endpoint = try reader.require(endpoint, .first(.endpoint))
    prompt = try fields.input(model: model, reader)
  }

  /// Reads a body in one pass, as `init(parsing:)` of raw bytes does.
  public init(parsing body: [UInt8]) throws(RequestBodyError) {
    self = try body.span.withUnsafeBytes { bytes throws(RequestBodyError) in
      try Self(parsing: bytes)
    }
  }
}

/// The body of `POST /v1/score`, which asks what endpoints hold of a prompt.
public struct ScoreRequest: Equatable, Sendable {
  /// The model's served name; nil asks for the body's own, or for the only one.
  public var model: String?
  public var prompt: PromptInput
  /// The salt; nil means the body's own.
  public var cacheSalt: String?
  /// The adapter's name.
  public var lora: String?
  /// Names of the endpoints to answer for; nil means all.
  public var endpoints: [String]?
  /// Answers for so many, the best first; nil means all, by name.
  public var topK: Int?
  /// How long the answer may take, in milliseconds; nil means the server's default.
  public var deadlineMilliseconds: Int?
  /// Whether the answer says where each match ends and why.
  public var detail = false
  /// Whether the answer holds the prompt's token ids.
  public var returnsTokens = false
  /// The client's name for the request, for a report of what was delivered; nil for no report.
  public var requestID: String?

  enum Field: String, CaseIterable {
    case model, lora, endpoints, detail
    case cacheSalt = "cache_salt"
    case topK = "top_k"
    case deadlineMilliseconds = "deadline_ms"
    case returnsTokens = "return_tokens"
    case requestID = "request_id"
  }

  /// Deadlines that can be asked for, in milliseconds.
  public static let deadlineRange = 1...600_000

  /// A request for what endpoints hold of a prompt.
  public init(prompt: PromptInput) { self.prompt = prompt }

  /// Reads a body in one pass.
  ///
  /// - Throws: `RequestBodyError` for anything but one object with known fields of the right
  ///   types, which gives a prompt in exactly one form.
  public init(parsing body: UnsafeRawBufferPointer) throws(RequestBodyError) {
    var reader = try RequestBodyReader<EitherField<Field, PromptFields.Field>>(body)
    var fields = PromptFields()
    prompt = .tokens([])
    while let field = try reader.nextField() {
      switch field {
      case .first(let field): try read(field, &reader)
      case .second(let field): try fields.read(field, &reader)
      }
    }
    prompt = try fields.input(model: model, reader)
  }

  private mutating func read<Other>(
    _ field: Field, _ reader: inout RequestBodyReader<Other>
  ) throws(RequestBodyError) {
    switch field {
    case .model: model = try reader.name()
    case .cacheSalt: cacheSalt = try reader.string()
    case .lora: lora = try reader.string()
    case .endpoints: endpoints = try reader.strings()
    case .topK: topK = try reader.integer(in: 1...1_000_000)
    case .deadlineMilliseconds: deadlineMilliseconds = try reader.integer(in: Self.deadlineRange)
    case .detail: detail = try reader.bool()
    case .returnsTokens: returnsTokens = try reader.bool()
    case .requestID: requestID = try reader.name()
    }
  }

  /// Reads a body in one pass, as `init(parsing:)` of raw bytes does.
  public init(parsing body: [UInt8]) throws(RequestBodyError) {
    self = try body.span.withUnsafeBytes { bytes throws(RequestBodyError) in
      try Self(parsing: bytes)
    }
  }
}

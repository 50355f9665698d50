/// What the plugins of a plan may know of a request.
public struct SchedulingRequest: Sendable {
  public var id: String
  /// The model that the endpoint will be asked for: a base model or an adapter.
  public var model: String
  /// Exact, or an estimate where tokens were not to be had; 0 when nothing is known of the prompt.
  public var promptTokens: Int
  public var hasMedia: Bool
  /// The most tokens that the client wants.
  public var maxOutputTokens: Int?
  public var headers: RequestHeaders

  /// A request.
  public init(
    id: String = "", model: String = "", promptTokens: Int = 0, hasMedia: Bool = false,
    maxOutputTokens: Int? = nil, headers: RequestHeaders = RequestHeaders([])
  ) {
    self.id = id
    self.model = model
    self.promptTokens = promptTokens
    self.hasMedia = hasMedia
    self.maxOutputTokens = maxOutputTokens
    self.headers = headers
  }
}

/// The headers of an HTTP request, in its order; names are in lower case.
public struct RequestHeaders: Sendable {
  public private(set) var fields: [(name: String, value: String)]

  /// Headers whose names are in lower case.
  public init(_ fields: [(name: String, value: String)]) { self.fields = fields }

  /// The first value of that name; nil when there is none.
  public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
}

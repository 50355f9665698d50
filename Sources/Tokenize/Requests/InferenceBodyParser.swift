/// Reads the body of an inference request, field by field.
struct InferenceBodyParser {
  private let body: UnsafeRawBufferPointer
  private let fields: RequestFields
  private var cursor: JSONCursor
  private var request: InferenceRequest
  private var key: RenderKeyHasher
  /// The field whose value is being read, as errors name it.
  private var field: JSONKey?

  /// The prompt, once a field gave one.
  private var prompt: InferenceRequest.Prompt?
  private var hasEmbeddings = false
  private var isConversationEmpty = false
  private var hasMediaFields = false
  private var maxCompletionTokens: Int?
  private var session: (field: SessionField, name: String)?
  private var truncates = false
  private var wantsPromptLogProbabilities = false
  private var echoes = false
  /// What an echoed prompt comes with: `logprobs`, for chats `top_logprobs`, which is 0 by default.
  private var hasLogProbabilities: Bool

  init(_ api: InferenceAPI, _ body: UnsafeRawBufferPointer, keyedBy seed: RenderKeySeed) {
    self.body = body
    fields = .of(api)
    cursor = JSONCursor(body)
    request = InferenceRequest(api, prompt: .conversation)
    key = RenderKeyHasher(api, seed: seed)
    hasLogProbabilities = api == .chatCompletions
  }

  mutating func parse() throws(RequestBodyError) -> InferenceRequest {
    do throws(JSONError) {
      try parseFields()
    } catch {
      throw RequestBodyError(error.message, param: field?.text, at: error.offset, in: body)
    }
    try finishPrompt()
    request.maxTokens = maxCompletionTokens ?? request.maxTokens
    request.hasMedia = request.hasMedia || hasMediaFields || !request.features.isEmpty
    request.session = session?.name
    if wantsPromptLogProbabilities || echoes && hasLogProbabilities { request.readsCache = false }
    if isRendered { request.renderKey = truncates ? key.replaced(by: body) : key.key }
    return request
  }

  private mutating func parseFields() throws(JSONError) {
    try cursor.beginObject()
    while let name = try cursor.nextKey() {
      field = name
      let entry = fields.entry(for: name)
      let value = try readValue(entry?.field ?? .other)
      if isRendered, entry?.isNeutral != true {
        key.add(UnsafeRawBufferPointer(rebasing: body[name.offset..<value.upperBound]))
      }
      field = nil
    }
    try cursor.finish()
  }

  /// Whether tokens have to be asked for, as far as the fields read so far say.
  private var isRendered: Bool {
    switch prompt {
    case .tokens, .embeddings: false
    case .text, .conversation, nil: request.api.renderPath != nil
    }
  }

  /// Reads a field's value; returns where it stands.
  private mutating func readValue(_ field: RequestField) throws(JSONError) -> Range<Int> {
    cursor.skipWhitespace()
    let start = cursor.offset
    switch field {
    case .model, .stream, .priority, .cacheSalt, .lora, .maxTokens, .maxCompletionTokens,
      .samplingParameters:
      try readScalar(field)
    case .prompt, .tokens, .embeddings, .messages, .input: try readPrompt(field)
    case .features: request.features = try cursor.promptFeatures()
    case .media: hasMediaFields = try cursor.isGiven() || hasMediaFields
    case .session(let field): try readSession(field)
    case .truncation: truncates = try cursor.isGiven() || truncates
    case .promptLogProbabilities: wantsPromptLogProbabilities = try cursor.isNotNull()
    case .logProbabilities: hasLogProbabilities = try cursor.isNotNull()
    case .echo:
      echoes =
        try cursor.optional { cursor throws(JSONError) in try cursor.lenientBool() } ?? false
    case .tools, .preface, .other: try cursor.skipValue()
    }
    let range = start..<cursor.offset
    switch field {
    case .model: request.modelRange = range
    case .prompt, .messages, .input: request.layout.prompt = range
    case .tools: request.layout.tools = range
    case .preface: request.layout.preface = range
    default: break
    }
    return range
  }

  private mutating func readScalar(_ field: RequestField) throws(JSONError) {
    switch field {
    case .model:
      request.model = try cursor.optional { cursor throws(JSONError) in try cursor.string() }
      if request.model?.isEmpty == true { request.model = nil }
    case .stream:
      request.isStream =
        try cursor.optional { cursor throws(JSONError) in try cursor.lenientBool() } ?? false
    case .priority: request.priority = try cursor.lenientInteger()
    case .maxTokens: request.maxTokens = try cursor.lenientInteger()
    case .maxCompletionTokens: maxCompletionTokens = try cursor.lenientInteger()
    case .samplingParameters: try readSampling()
    case .cacheSalt where request.api == .sglangGenerate: request.cacheSalt = try cursor.oneName()
    case .cacheSalt:
      request.cacheSalt = try cursor.optional { cursor throws(JSONError) in try cursor.name() }
    default: request.lora = try cursor.oneName()
    }
  }

  private mutating func readSampling() throws(JSONError) {
    let parameters = try cursor.samplingParameters(request.api)
    request.maxTokens = parameters.length
    request.readsCache = parameters.readsCache
  }

  private mutating func readSession(_ field: SessionField) throws(JSONError) {
    let name = try cursor.stringIfAny(member: field.member)
    if let name, !name.isEmpty, field.rawValue <= session?.field.rawValue ?? .max {
      session = (field, name)
    }
  }

  // MARK: The prompt

  private mutating func readPrompt(_ field: RequestField) throws(JSONError) {
    switch field {
    case .prompt: prompt = try cursor.prompt()
    case .tokens:
      prompt = try cursor.tokenPrompts(areNested: request.api == .sglangGenerate) ?? prompt
    case .embeddings: hasEmbeddings = try cursor.isGiven()
    case .input where try cursor.kind() == .string:
      try cursor.skipValue()
      prompt = .conversation
    default:
      var media = MediaFinder()
      isConversationEmpty = try cursor.walkMessages(&media) == 0
      request.hasMedia = media.hasFound
      prompt = .conversation
    }
  }

  private mutating func finishPrompt() throws(RequestBodyError) {
    if hasEmbeddings { prompt = .embeddings }
    guard let prompt else {
      throw RequestBodyError(
        "the field is required", param: request.api.promptField, at: 0, in: body)
    }
    // Anthropic's `system` and the Responses API's `instructions` are messages of their own.
    if isConversationEmpty, request.layout.preface == nil {
      throw RequestBodyError(
        "expected at least one message", param: request.api.promptField,
        at: request.layout.prompt?.lowerBound ?? 0, in: body)
    }
    request.prompt = prompt
  }
}

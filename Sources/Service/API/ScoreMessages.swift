import KVIndexer
import Tokenize

extension ScoreRequest {
  /// What a gRPC client asks.
  ///
  /// - Throws: `HTTPError` when the prompt is not given in exactly one form, or a path is no
  ///   request whose prompt is understood.
  init(_ message: ScoreRequestMessage) throws(HTTPError) {
    let forms = [!message.tokens.isEmpty, message.prompt != nil, message.body != nil]
    guard forms.count(where: { $0 }) <= 1 else {
      throw .invalidRequest("the prompt is given once, as tokens, as prompt, or as body")
    }
    self.init(prompt: try Self.input(message))
    model = message.model.isEmpty ? nil : message.model
    cacheSalt = message.cacheSalt.isEmpty ? nil : message.cacheSalt
    lora = message.lora.isEmpty ? nil : message.lora
    endpoints = message.endpoints.isEmpty ? nil : message.endpoints
    topK = message.topK == 0 ? nil : Int(message.topK)
    deadlineMilliseconds =
      message.deadlineMilliseconds == 0
      ? nil : min(Int(message.deadlineMilliseconds), Self.deadlineRange.upperBound)
    detail = message.wantsDetail
    returnsTokens = message.wantsTokens
  }

  private static func input(_ message: ScoreRequestMessage) throws(HTTPError) -> PromptInput {
    if let prompt = message.prompt { return .completion(prompt, model: message.model) }
    guard let body = message.body else { return .tokens(message.tokens) }
    guard let api = InferenceAPI(path: body.path) else {
      throw .invalidRequest(
        "'\(body.path)' is no request whose prompt is understood", param: "body.path")
    }
    return .body(api, body.body)
  }
}

extension PromptInput {
  /// A text, as the body of the completion that an engine would be asked for.
  ///
  /// - Parameter model: Empty leaves it to the engine.
  static func completion(_ prompt: String, model: String) -> PromptInput {
    var json = JSONWriter(capacity: 64 + prompt.utf8.count)
    json.object { json in
      if !model.isEmpty { json.field("model", model) }
      json.field("prompt", prompt)
    }
    return .body(.completions, json.bytes)
  }
}

extension ScoreAnswer: ProtobufWritable {
  /// Writes a `kvindexer.v1.ScoreResponse`, its endpoints one by one without a list of messages.
  package func write(to writer: inout ProtobufWriter) {
    var message = ScoreResponseMessage()
    message.model = model
    message.promptTokens = UInt32(clamping: promptTokens)
    message.tokensFrom = TokensFromCode(origin)
    message.reason = reason ?? ""
    message.isPartial = isPartial
    message.took = ScoreResponseMessage.Timings(took)
    message.tokens = tokens.map { $0.count == 1 ? $0[0] : Array($0.joined()) } ?? []
    message.write(to: &writer) { writer in
      for index in endpoints.indices.reversed() {
        writer.message(
          ScoreResponseMessage.endpointsField, EndpointScoreMessage(endpoints[index]))
      }
    }
  }
}

/// The answers of a batch: a `kvindexer.v1.ScoreBatchResponse`.
struct ScoreBatchAnswer: ProtobufWritable {
  var results: [Result<ScoreAnswer, HTTPError>]

  func write(to writer: inout ProtobufWriter) {
    for result in results.reversed() {
      switch result {
      case .success(let answer):
        writer.message(ScoreBatchResponseMessage.responsesField, answer)
      case .failure(let error):
        var message = ScoreResponseMessage()
        message.error = error.message
        writer.message(ScoreBatchResponseMessage.responsesField, message)
      }
    }
  }
}

extension ScoreResponseMessage.Timings {
  fileprivate init(_ took: ScoreAnswer.Timings) {
    self.init()
    parse = UInt32(clamping: took.parse / 1000)
    render = UInt32(clamping: took.render / 1000)
    hash = UInt32(clamping: took.hash / 1000)
    match = UInt32(clamping: took.match / 1000)
    total = UInt32(clamping: took.total / 1000)
  }
}

extension EndpointScoreMessage {
  fileprivate init(_ endpoint: EndpointScore) {
    self.init()
    self.endpoint = endpoint.member.name
    address = endpoint.member.address
    blockSize = UInt32(clamping: endpoint.blockSize ?? 0)
    matchedTokens = UInt32(clamping: endpoint.matchedTokens)
    tiers = TierTokenCounts(endpoint.tierTokens)
    reservedTokens = UInt32(clamping: endpoint.reservedTokens)
    score = endpoint.score
    trust = TrustCode(endpoint.trust ?? .connecting)
    reason = endpoint.reason ?? ""
    ranks = endpoint.ranks.map { RankScoreMessage($0) }
  }
}

extension RankScoreMessage {
  fileprivate init(_ match: PrefixMatch) {
    self.init()
    rank = UInt32(clamping: match.rank)
    blockSize = UInt32(clamping: match.blockSize ?? 0)
    matchedTokens = UInt32(clamping: match.matchedTokens)
    tiers = TierTokenCounts(match.tierTokens)
    trust = TrustCode(match.trust)
    reason = match.trust.reason ?? ""
  }
}

extension TierTokenCounts {
  fileprivate init(_ tiers: TierTokens) {
    self.init()
    gpu = UInt32(clamping: tiers[.gpu])
    cpu = UInt32(clamping: tiers[.cpu])
    disk = UInt32(clamping: tiers[.disk])
    remote = UInt32(clamping: tiers[.remote])
  }
}

extension TokensFromCode {
  fileprivate init(_ origin: TokensOrigin) {
    self =
      switch origin {
      case .given: .given
      case .rendered: .rendered
      case .cached: .cached
      case .estimated: .estimated
      }
  }
}

extension TrustCode {
  init(_ trust: Trust) {
    self =
      switch trust {
      case .connecting: .connecting
      case .bootstrapping: .bootstrapping
      case .lagging: .lagging
      case .exact: .exact
      case .degraded: .degraded
      case .silent: .silent
      case .mismatched: .mismatched
      case .dead: .dead
      }
  }
}

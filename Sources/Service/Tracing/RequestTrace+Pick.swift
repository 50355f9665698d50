import EPPScorer

/// The spans of a request that `epp` routes. Names are llm-d's and OpenTelemetry's where they have
/// one.
extension RequestTrace {
  /// Tells the endpoint whose child its own spans are.
  var header: SchedulingResult.Header { .init(name: TraceContext.header, value: context.text) }

  /// Sends the spans of the decision.
  func decided(
    _ pick: Pick, _ choice: Choice, _ findings: PromptFindings, resolvedAt: UInt64
  ) {
    var parsedAt = pick.startedAt
    var tokens: [Span.Attribute] = []
    if let count = findings.tokenCount {
      tokens.append(.init("llm_d.kv_cache.token_count", .int(count)))
    }
    if case .resolved(let prompt) = findings {
      parsedAt = min(parsedAt + prompt.parseNanoseconds, resolvedAt)
      tokens.append(.init("kvindexer.tokens_from", .string(prompt.origin.rawValue)))
    }
    let candidates = choice.pool.candidates.count
    add(
      Part(
        "gateway.request_orchestration", from: pick.startedAt, to: choice.decidedAt,
        parts: [
          Part("parse_request", from: pick.startedAt, to: parsedAt),
          Part("tokenize_render", from: parsedAt, to: resolvedAt, tokens),
          Part(
            "score_tokens", from: resolvedAt, to: choice.matchedAt,
            [.init("llm_d.epp.producer.candidate_endpoints", .int(candidates))]),
          Part(
            "run_scheduler_profile", from: choice.matchedAt, to: choice.decidedAt,
            [.init("llm_d.epp.scheduling.profile.name", .string(choice.result.primary.name))]),
        ]))
  }

  /// Ends a request that goes nowhere.
  func refused(_ pick: Pick, _ refusal: Refusal) {
    end(
      Self.name,
      attributes: Self.request(pick) + [
        .init("http.response.status_code", .int(refusal.code.httpStatus))
      ], fault: refusal.message)
  }

  /// Ends a request whose response is over.
  ///
  /// - Parameters:
  ///   - status: Zero for a response that never came.
  ///   - firstTokenSeconds: From the request on; nil for a response without a body.
  func ended(
    _ pick: Pick, _ choice: Choice, _ exchangeEnd: ExchangeEnd, status: Int,
    firstTokenSeconds: Double?
  ) {
    var attributes = Self.request(pick) + Self.prediction(choice)
    if status > 0 { attributes.append(.init("http.response.status_code", .int(status))) }
    if let seconds = firstTokenSeconds {
      attributes.append(.init("gen_ai.latency.time_to_first_token", .double(seconds)))
    }
    var fault = status >= 500 ? "the endpoint answered \(status)" : nil
    switch exchangeEnd {
    case .completed(let summary):
      let usage = [
        ("gen_ai.usage.input_tokens", summary.usage?.promptTokens),
        ("gen_ai.usage.output_tokens", summary.usage?.completionTokens),
        ("kvindexer.delivered_tokens", summary.usage?.cachedTokens),
      ]
      for case (let name, let count?) in usage { attributes.append(.init(name, .int(count))) }
    case .aborted: fault = fault ?? "the response was cut off"
    case .unobserved: break
    }
    end(Self.name, attributes: attributes, fault: fault)
  }

  private static let name = "gateway.request"

  private static func request(_ pick: Pick) -> [Span.Attribute] {
    var attributes: [Span.Attribute] = []
    if !pick.request.targetModel.isEmpty {
      attributes.append(.init("gen_ai.request.model", .string(pick.request.targetModel)))
    }
    if let id = pick.request.gateway.headers[GatewayHeader.requestID] {
      attributes.append(.init("gen_ai.request.id", .string(id)))
    }
    return attributes
  }

  private static func prediction(_ choice: Choice) -> [Span.Attribute] {
    let (endpoint, hit) = (choice.target.endpoint.endpoint, choice.primaryHit)
    return [
      .init("kvindexer.endpoint", .string(endpoint.id.name)),
      .init("server.address", .string(endpoint.host)),
      .init("server.port", .int(Int(endpoint.port))),
      .init("kvindexer.predicted_tokens", .int(hit.predictedTokens)),
      .init("kvindexer.prediction", .string(hit.basis.text)),
    ]
  }
}

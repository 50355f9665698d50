/// The spans of a request for a score.
extension RequestTrace {
  /// Ends the request with its answer.
  func scored(_ result: Result<ScoreAnswer, HTTPError>) {
    switch result {
    case .failure(let error):
      end(
        Self.name, attributes: [.init("http.response.status_code", .int(error.status))],
        fault: error.status >= 500 ? error.message : nil)
    case .success(let answer):
      var best = 0
      for endpoint in answer.endpoints { best = max(best, endpoint.matchedTokens) }
      end(
        Self.name,
        attributes: [
          .init("gen_ai.request.model", .string(answer.model)),
          .init("http.response.status_code", .int(200)),
          .init("llm_d.kv_cache.token_count", .int(answer.promptTokens)),
          .init("llm_d.kv_cache.pod_count", .int(answer.endpoints.count)),
          .init("kvindexer.tokens_from", .string(answer.origin.rawValue)),
          .init("kvindexer.matched_tokens", .int(best)),
        ], parts: parts(of: answer.took))
    }
  }

  private static let name = "score_tokens"

  /// The steps one after the other, as they were taken.
  private func parts(of took: ScoreAnswer.Timings) -> [Part] {
    var time = start
    return [
      ("parse_request", took.parse), ("tokenize_render", took.render),
      ("compute_block_keys", took.hash), ("match_block_keys", took.match),
    ].map { name, nanoseconds in
      defer { time += nanoseconds }
      return Part(name, from: time, to: time + nanoseconds)
    }
  }
}

import EPPScorer

/// What the gateway is told of a decision.
extension Director {
  func route(_ pick: Pick, _ choice: Choice, _ exchange: RoutedRequest) -> Route {
    let result = choice.result
    let destination = result.primary.targets.map { target in
      let endpoint = choice.pool.candidates[target].endpoint
      guard let port = result.destinationPort else { return endpoint.address }
      return Endpoint(id: endpoint.id, host: endpoint.host, port: port).address
    }
    .joined(separator: ",")
    var route = Route(destination: destination, exchange: exchange)
    route.setHeaders = result.headers
    if let header = pick.trace?.header { route.setHeaders.append(header) }
    route.removeHeaders = forbiddenHeaders(of: pick.request.gateway.headers, but: result.headers)
    route.responseHeaders = result.responseHeaders
    if settings.emitsPredictions { route.responseHeaders += predictionHeaders(choice) }
    if pick.request.isRewritten {
      route.body = pick.request.gateway.body
      let client = pick.request.clientModel
      if !client.isEmpty {
        route.modelRewrite = ModelRewrite(client: client, target: pick.request.targetModel)
      }
    }
    if settings.emitsScores {
      route.scores = result.primary.scores.map {
        (choice.pool.candidates[$0.candidate].endpoint.address, $0.total)
      }
    }
    return route
  }

  private func predictionHeaders(_ choice: Choice) -> [SchedulingResult.Header] {
    let hit = choice.primaryHit
    return [
      .init(name: "x-kvindexer-endpoint", value: "\(choice.target.endpoint.id)"),
      .init(name: "x-kvindexer-predicted-tokens", value: "\(hit.predictedTokens)"),
      .init(name: "x-kvindexer-prediction", value: hit.basis.text),
    ]
  }

  /// What of a client's headers must not reach the endpoint, except where it is set anew.
  private func forbiddenHeaders(
    of headers: RequestHeaders, but set: [SchedulingResult.Header]
  ) -> [String] {
    var names: [String] = []
    for (name, _) in headers.fields where Self.clientsMustNotSend.contains(name) {
      if !set.contains(where: { $0.name == name }), !names.contains(name) { names.append(name) }
    }
    return names
  }

  /// Headers that only the picker may set: a sidecar acts on them.
  private static let clientsMustNotSend: Set = [
    "x-prefiller-host-port", "x-encoder-hosts-ports", "x-data-parallel-host-port",
    "x-kv-cache-source-host-port", "x-llm-d-inference-objective", "x-llm-d-inference-fairness-id",
    "x-llm-d-model-name-rewrite", "x-gateway-destination-endpoint-subset",
    "x-gateway-destination-endpoint-served", "x-llm-d-request-dropped-reason",
    "x-llm-d-slo-ttft-ms", "x-llm-d-slo-tpot-ms", "x-slo-ttft-ms", "x-slo-tpot-ms",
    "x-llm-d-video-resolution", "x-llm-d-video-duration-seconds", "x-llm-d-video-fps",
  ]
}

import KVIndexer
import Simulation
import Tokenize

/// Sends requests to Envoy, as any client of a model server would.
final class GatewayClient: DemoClient {
  private let stage: GatewayStage
  private let traffic: DemoTraffic
  private let tokenizer: WordTokenizer
  private var gateway: HTTPClient
  private var indexer: IndexerClient

  init(_ stage: GatewayStage, _ traffic: DemoTraffic) throws {
    self.stage = stage
    self.traffic = traffic
    let vocabularySize = stage.engines.first?.server.configuration.engine.vocabularySize
    tokenizer = WordTokenizer(vocabularySize: vocabularySize ?? 0)
    var limits = HTTPClient.Limits()
    limits.totalTimeout = .seconds(60)
    gateway = try HTTPClient(.url(stage.gatewayURL), limits: limits)
    indexer = try IndexerClient(url: stage.indexerURL)
  }

  /// Sends a request, and waits until the index knows what came of it.
  func send(_ request: ChatRequest) throws {
    let body = DemoRequestBody(request, tokenizer)
    let bytes = body.json(model: stage.engines[0].server.configuration.model)
    let began = traffic.begin()
    let reply = try gateway.post(body.path, body: bytes)
    let answered = traffic.answered()
    let answer = try DemoAnswer(reply, to: body, tokenizer)
    guard let engine = stage.engines.firstIndex(where: { $0.name == answer.endpoint }) else {
      throw DemoError.unexpectedAnswer(
        request: body.path, status: reply.status, body: "from endpoint '\(answer.endpoint)'")
    }
    try indexer.waitUntilApplied(
      events: stage.engines[engine].server.status.events.events, of: answer.endpoint)
    traffic.record(
      DemoTraffic.Exchange(
        request: request, began: began, answered: answered,
        prediction: DemoPrediction(
          engine: engine, promptTokens: answer.promptTokens,
          predictedTokens: answer.predictedTokens, deliveredTokens: answer.cachedTokens,
          approximation: answer.basis == "exact" ? nil : answer.approximation),
        prompt: try body.prompt(json: bytes), output: answer.output))
  }
}

import Simulation

/// Asks the indexer where a request should go, and sends it there.
final class IndexerStageClient: DemoClient {
  private let number: Int
  private let stage: IndexerStage
  private let traffic: DemoTraffic
  private var indexer: IndexerClient
  private var count = 0

  init(_ number: Int, _ stage: IndexerStage, _ traffic: DemoTraffic) throws {
    self.number = number
    self.stage = stage
    self.traffic = traffic
    indexer = try IndexerClient(url: stage.indexerURL)
  }

  /// Sends a request to an engine that nobody else uses meanwhile.
  ///
  /// The prediction is made when all earlier events of the engine are applied, and before the
  /// request's own reservation, so it has to be exact.
  func send(_ request: ChatRequest) throws {
    let scores = try indexer.scores(of: request.tokens)
    let choice = stage.choices.choose(stage.inOrder(scores).map(\.score))
    defer { stage.choices.leave(choice) }
    count += 1
    let name = "demo-\(number)-\(count)"
    let engine = stage.engines[choice]
    try engine.exclusively { client in
      let began = traffic.begin()
      let score = try indexer.scores(of: request.tokens, endpoint: engine.name).first
      try indexer.reserve(name, on: engine.name, for: request.tokens)
      let completion = try engine.complete(
        request.tokens, outputTokens: request.outputTokensMax, over: &client)
      let answered = traffic.answered()
      try indexer.waitUntilApplied(
        events: engine.server.status.events.events, of: engine.name)
      try indexer.release(name)
      let prediction = DemoPrediction(
        engine: choice, promptTokens: request.tokens.count,
        predictedTokens: score.map { $0.matchedTokens + $0.reservedTokens } ?? 0,
        deliveredTokens: completion.cachedTokens)
      traffic.record(
        DemoTraffic.Exchange(
          request: request, began: began, answered: answered, prediction: prediction,
          prompt: request.tokens, output: completion.output))
    }
  }
}

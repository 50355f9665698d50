import Simulation

/// The simulated servers and the indexer alone: the demo's clients ask it, and choose.
final class IndexerStage: DemoStage {
  let engines: [DemoEngine]
  let indexerURL: String
  /// Where the indexer answers gRPC.
  let indexerTarget: String
  let choices: EngineChoices
  private let indexer: IndexerService

  /// Starts everything; the indexer has yet to hear from the engines.
  init(_ options: DemoOptions) throws {
    let engines = try DemoEngines.start(options)
    do {
      indexer = try Self.indexer(following: engines.compactMap(\.endpoint))
    } catch {
      for engine in engines { engine.server.kill() }
      throw error
    }
    self.engines = engines
    choices = EngineChoices(engines: engines.count, seed: options.seed)
    indexerURL = "http://\(indexer.addresses[0])"
    indexerTarget = indexer.grpcAddresses.first.map { "\($0)" } ?? ""
  }

  /// An indexer where one is by default, or on free ports when those are taken.
  private static func indexer(
    following endpoints: [EndpointConfiguration]
  ) throws -> IndexerService {
    var configuration = ServiceConfiguration()
    configuration.endpoints = endpoints
    configuration.engineMetrics = .inspection
    // Trust is in the table; log lines would run through it.
    configuration.log = Log(minimum: .error)
    do {
      return try IndexerService(configuration)
    } catch is SystemError {
      configuration.listen = [.tcp(host: "127.0.0.1", port: 0)]
      configuration.grpcListen = configuration.listen
      return try IndexerService(configuration)
    }
  }

  /// Two an engine: when one waits for its answer, the other may wait for its turn.
  var clients: Int { min(2 * engines.count, DemoOptions.clientsMax) }

  func isReady(_ indexer: inout IndexerClient) throws -> Bool {
    try indexer.sources().allSatisfy { $0.trust == "exact" }
  }

  func client(_ number: Int, _ traffic: DemoTraffic) throws -> any DemoClient {
    try IndexerStageClient(number, self, traffic)
  }

  /// Scores in the order of the engines.
  func inOrder(_ scores: [IndexerClient.Score]) -> [IndexerClient.Score] {
    engines.compactMap { engine in scores.first { $0.endpoint == engine.name } }
  }

  func explained(_ failure: any Error) -> any Error { failure }

  func stop() {
    indexer.stop()
    for engine in engines { engine.server.stop() }
  }
}

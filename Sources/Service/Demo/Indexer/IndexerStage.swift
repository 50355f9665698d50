import Simulation

/// The simulated servers and the indexer of the demo, on free ports of the loopback interface.
final class DemoFleet: Sendable {
  let engines: [DemoEngine]
  let indexerURL: String
  /// Where the indexer answers gRPC.
  let indexerTarget: String
  private let indexer: IndexerService

  /// Starts everything; the indexer has yet to hear from the engines.
  init(_ options: DemoOptions) throws {
    var engines: [DemoEngine] = []
    do {
      for number in 0..<options.engines {
        let engine = EngineConfiguration(
          blockCount: options.usableBlocks + 1, blockSize: options.blockSize)
        let server = try SimulatedServer(
          SimulatedServerConfiguration(engine: engine), log: { _ in })
        engines.append(try DemoEngine(name: "engine-\(number)", server: server))
      }
      indexer = try Self.indexer(following: engines.compactMap(\.endpoint))
    } catch {
      for engine in engines { engine.server.kill() }
      throw error
    }
    self.engines = engines
    indexerURL = "http://\(indexer.addresses[0])"
    indexerTarget = indexer.grpcAddresses.first.map { "\($0)" } ?? ""
  }

  /// An indexer where one is by default, or on free ports when those are taken.
  private static func indexer(
    following endpoints: [EndpointConfiguration]
  ) throws -> IndexerService {
    var configuration = ServiceConfiguration()
    configuration.endpoints = endpoints
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

  /// Scores in the order of the engines.
  func inOrder(_ scores: [IndexerClient.Score]) -> [IndexerClient.Score] {
    engines.compactMap { engine in scores.first { $0.endpoint == engine.name } }
  }

  func stop() {
    indexer.stop()
    for engine in engines { engine.server.stop() }
  }
}

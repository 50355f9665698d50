import Simulation

/// The threads that send the demo's requests.
final class DemoClients: Sendable {
  private let threads: [WorkerThread]

  /// Starts `count` threads, which end when the traffic is over.
  init(count: Int, fleet: DemoFleet, traffic: DemoTraffic) {
    threads = (0..<count).map { number in
      WorkerThread(name: "client \(number)") {
        do {
          try Self.run(number, fleet, traffic)
        } catch {
          traffic.fail(error)
        }
      }
    }
  }

  /// Waits until the requests under way have finished.
  func join() {
    for thread in threads { thread.join() }
  }

  private static func run(_ number: Int, _ fleet: DemoFleet, _ traffic: DemoTraffic) throws {
    var indexer = try IndexerClient(url: fleet.indexerURL)
    var count = 0
    while let request = traffic.next() {
      let scores = try indexer.scores(of: request.tokens)
      let choice = traffic.choose(fleet.inOrder(scores).map(\.score))
      count += 1
      let exchange = try send(
        request, named: "demo-\(number)-\(count)", to: choice, of: fleet, &indexer)
      traffic.record(exchange)
    }
  }

  /// Sends a request to an engine that nobody else uses meanwhile.
  ///
  /// The prediction is made when all earlier events of the engine are applied, and before the
  /// request's own reservation, so it has to be exact.
  private static func send(
    _ request: ChatRequest, named name: String, to choice: Int, of fleet: DemoFleet,
    _ indexer: inout IndexerClient
  ) throws -> DemoTraffic.Exchange {
    let engine = fleet.engines[choice]
    return try engine.exclusively { client in
      let score = try indexer.scores(of: request.tokens, endpoint: engine.name).first
      try indexer.reserve(name, on: engine.name, for: request.tokens)
      let completion = try engine.complete(
        request.tokens, outputTokens: request.outputTokensMax, over: &client)
      try indexer.waitUntilApplied(
        events: engine.server.status.events.events, of: engine.name)
      try indexer.release(name)
      return DemoTraffic.Exchange(
        request: request, engine: choice,
        predictedTokens: score.map { $0.matchedTokens + $0.reservedTokens } ?? 0,
        deliveredTokens: completion.cachedTokens, output: completion.output)
    }
  }
}

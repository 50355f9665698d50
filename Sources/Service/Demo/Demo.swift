import KVIndexer
import Simulation

/// `kvindexer demo`: engines, a picker or an indexer, and a workload, over real sockets.
///
/// Engines announce what they cached after they did, so a prediction trails the requests in flight:
/// it has to be right where a request has its engine to itself, from before it is sent until the
/// indexer has applied the engine's events. The output says so.
package enum Demo {
  /// Waits at most so long, nil for as long as it takes; true when the demo is to stop.
  package typealias StopWait = (Duration?) -> Bool

  private static let tick = Duration.milliseconds(200)
  private static let readyTick = Duration.milliseconds(10)
  private static let readySecondsMax = 30

  /// Shows the product at work.
  ///
  /// - Parameter isStopped: Called on this thread only, and again after it returned true.
  /// - Returns: 0 when every prediction was right that had to be, 1 otherwise.
  /// - Throws: `DemoError` or what sockets throw; everything is stopped then.
  package static func run(
    options: DemoOptions, output: DemoOutput, isStopped: StopWait
  ) throws -> Int32 {
    try options.check()
    OpenFiles.allowAll()
    let traffic = DemoTraffic(
      try ChatWorkload(options.workload, seed: options.seed), engines: options.engines)
    let envoy = try EnvoyProgram(options.envoy)
    let stage: any DemoStage =
      if let envoy { try GatewayStage(options, envoy) } else { try IndexerStage(options) }
    defer { stage.stop() }
    output.write("Dashboard \(stage.indexerURL)/\n\n")
    if envoy == nil, options.envoy == .found { output.write(EnvoyProgram.absence) }
    output.write(stage.introduction(options))
    do {
      var indexer = try IndexerClient(url: stage.indexerURL)
      guard try waitUntilReady(stage, &indexer, isStopped) else { return 0 }
      let status = try drive(traffic, on: stage, options, output, &indexer, isStopped)
      if options.stays, !isStopped(.zero) {
        output.write(stage.examples(traffic))
        _ = isStopped(nil)
      }
      return status
    } catch {
      throw stage.explained(error)
    }
  }

  /// - Returns: False when the demo is to stop.
  private static func waitUntilReady(
    _ stage: any DemoStage, _ indexer: inout IndexerClient, _ isStopped: StopWait
  ) throws -> Bool {
    let deadline = MonotonicClock.nowNanoseconds() + UInt64(readySecondsMax) * 1_000_000_000
    while try !stage.isReady(&indexer) {
      guard MonotonicClock.nowNanoseconds() < deadline else {
        throw DemoError.overdue("getting ready")
      }
      if isStopped(readyTick) { return false }
    }
    return true
  }

  /// Sends requests until the time is over, and says what came of them.
  private static func drive(
    _ traffic: DemoTraffic, on stage: any DemoStage, _ options: DemoOptions,
    _ output: DemoOutput, _ indexer: inout IndexerClient, _ isStopped: StopWait
  ) throws -> Int32 {
    let start = MonotonicClock.nowNanoseconds()
    func seconds() -> Int { Int((MonotonicClock.nowNanoseconds() - start) / 1_000_000_000) }
    var display = DemoDisplay(output)
    var roundRobin = try RoundRobinReplay(options)
    let clients = DemoClients(on: stage, traffic)
    do {
      while seconds() < options.seconds, traffic.failure == nil {
        display.show(try table(stage, traffic, &roundRobin, &indexer), seconds: seconds())
        if isStopped(tick) { break }
      }
    } catch {
      traffic.fail(error)
    }
    traffic.end()
    clients.join()
    if let failure = traffic.failure { throw failure }
    let table = try table(stage, traffic, &roundRobin, &indexer)
    display.finish(table, seconds: seconds())
    let conclusion = DemoConclusion(
      total: table.total, differences: traffic.differences, engines: stage.engines.map(\.name))
    output.write(conclusion.text)
    return conclusion.isRight ? 0 : 1
  }

  private static func table(
    _ stage: any DemoStage, _ traffic: DemoTraffic, _ roundRobin: inout RoundRobinReplay,
    _ indexer: inout IndexerClient
  ) throws -> DemoTable {
    for request in traffic.takeFinished() { try roundRobin.add(request) }
    let sources = try indexer.sources()
    let tallies = traffic.endpointTallies
    let rows = zip(stage.engines, tallies).map { engine, tally in
      let source = sources.first { $0.endpoint == engine.name }
      let status = engine.server.status
      return DemoTable.Row(
        name: engine.name, tally: tally,
        running: status.counters.requestsRunning + status.counters.requestsWaiting,
        residentBlocks: source?.blocks.gpu ?? 0, evictedBlocks: status.events.blocksRemoved,
        trust: source?.trust ?? "unknown")
    }
    return DemoTable(
      rows: rows, roundRobin: roundRobin.hits, approximations: traffic.approximations)
  }
}

import KVIndexer
import Simulation

/// `kvindexer demo`: engines, the indexer and a workload in one process, over real sockets.
///
/// Engines announce what they cached after they did, so a prediction for one request trails the
/// requests in flight. To compare predictions exactly, each engine gets one request at a time, and
/// its next one when the indexer has applied the events of the last. The output says so.
package enum Demo {
  /// Waits at most so long, nil for as long as it takes; true when the demo is to stop.
  package typealias StopWait = (Duration?) -> Bool

  private static let tick = Duration.milliseconds(200)
  private static let exactTick = Duration.milliseconds(10)
  private static let exactSecondsMax = 15

  /// Shows the indexer at work.
  ///
  /// - Parameter isStopped: Called on this thread only, and again after it returned true.
  /// - Returns: 0 when every prediction was equal to what the engine delivered, 1 otherwise.
  /// - Throws: `DemoError` or what sockets throw; everything is stopped then.
  package static func run(
    options: DemoOptions, output: DemoOutput, isStopped: StopWait
  ) throws -> Int32 {
    try check(options)
    let traffic = try traffic(options)
    let fleet = try DemoFleet(options)
    defer { fleet.stop() }
    output.write(introduction(options, fleet))
    var indexer = try IndexerClient(url: fleet.indexerURL)
    guard try waitUntilExact(fleet, &indexer, isStopped) else { return 0 }

    let status = try drive(traffic, through: fleet, options, output, &indexer, isStopped)
    if options.stays, !isStopped(.zero) {
      output.write(examples(fleet, traffic))
      _ = isStopped(nil)
    }
    return status
  }

  private static func check(_ options: DemoOptions) throws(DemoError) {
    guard DemoOptions.enginesRange.contains(options.engines) else {
      throw .outOfRange(option: "--engines", range: DemoOptions.enginesRange)
    }
    guard DemoOptions.secondsRange.contains(options.seconds) else {
      throw .outOfRange(option: "--seconds", range: DemoOptions.secondsRange)
    }
  }

  /// Chats whose prefixes do not all fit: engines evict.
  private static func traffic(_ options: DemoOptions) throws -> DemoTraffic {
    var parameters = ChatWorkloadParameters()
    parameters.systemPromptCount = 2 * options.engines
    parameters.systemPromptTokens = 100...400
    parameters.usersPerSystemPrompt = 8
    parameters.turns = 1...6
    parameters.userTokens = 10...80
    parameters.outputTokens = 8...40
    parameters.sequenceTokensMax = min(2_048, options.usableBlocks * options.blockSize / 2)
    return DemoTraffic(
      try ChatWorkload(parameters, seed: options.seed), engines: options.engines,
      seed: options.seed)
  }

  /// - Returns: False when the demo is to stop.
  private static func waitUntilExact(
    _ fleet: DemoFleet, _ indexer: inout IndexerClient, _ isStopped: StopWait
  ) throws -> Bool {
    let deadline = MonotonicClock.nowNanoseconds() + UInt64(exactSecondsMax) * 1_000_000_000
    while try !indexer.sources().allSatisfy({ $0.trust == "exact" }) {
      guard MonotonicClock.nowNanoseconds() < deadline else {
        throw DemoError.overdue("following the engines' events")
      }
      if isStopped(exactTick) { return false }
    }
    return true
  }

  /// Sends requests until the time is over, and says what came of them.
  private static func drive(
    _ traffic: DemoTraffic, through fleet: DemoFleet, _ options: DemoOptions,
    _ output: DemoOutput, _ indexer: inout IndexerClient, _ isStopped: StopWait
  ) throws -> Int32 {
    let start = MonotonicClock.nowNanoseconds()
    func seconds() -> Int { Int((MonotonicClock.nowNanoseconds() - start) / 1_000_000_000) }
    var display = DemoDisplay(output)
    // Two an engine: when one waits for its answer, the other may wait for its turn.
    let clients = DemoClients(count: 2 * options.engines, fleet: fleet, traffic: traffic)
    do {
      while seconds() < options.seconds, traffic.failure == nil {
        display.show(try table(fleet, traffic, &indexer), seconds: seconds())
        if isStopped(tick) { break }
      }
    } catch {
      traffic.fail(error)
    }
    traffic.end()
    clients.join()
    if let failure = traffic.failure { throw failure }
    let table = try table(fleet, traffic, &indexer)
    display.finish(table, seconds: seconds())
    output.write(conclusion(table.total, traffic.differences, fleet))
    return table.total.equal == table.total.requests ? 0 : 1
  }

  private static func table(
    _ fleet: DemoFleet, _ traffic: DemoTraffic, _ indexer: inout IndexerClient
  ) throws -> DemoTable {
    let sources = try indexer.sources()
    let tallies = traffic.endpointTallies
    return DemoTable(
      rows: zip(fleet.engines, tallies).map { engine, tally in
        let source = sources.first { $0.endpoint == engine.name }
        return DemoTable.Row(
          name: engine.name, tally: tally, residentBlocks: source?.blocks.gpu ?? 0,
          evictedBlocks: engine.server.status.events.blocksRemoved,
          trust: source?.trust ?? "unknown")
      })
  }
}

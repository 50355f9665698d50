/// Starts the demo's engines.
enum DemoEngines {
  /// Engines on free ports of the loopback interface.
  static func start(_ options: DemoOptions) throws -> [DemoEngine] {
    var engines: [DemoEngine] = []
    do {
      for number in 0..<options.engines {
        var configuration = SimulatedServerConfiguration(engine: options.engine)
        configuration.replayBatchesMax = options.replayBatchesMax
        let server = try SimulatedServer(configuration, log: { _ in })
        engines.append(try DemoEngine(name: "engine-\(number)", server: server))
      }
    } catch {
      for engine in engines { engine.server.kill() }
      throw error
    }
    return engines
  }

  private static let listedMax = 8

  /// A line an engine, its name and where it is; of many the first ones.
  static func list(_ engines: [DemoEngine]) -> String {
    let lines = engines.prefix(listedMax).map { engine in
      let events = engine.server.configuration.eventEndpoint
      return "  \(engine.name)  \(engine.server.url)  KV events \(events)\n"
    }
    let others = engines.count - lines.count
    return lines.joined() + (others > 0 ? "  and \(others) more\n" : "")
  }
}

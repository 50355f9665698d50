/// Starts the demo's engines.
enum DemoEngines {
  /// Engines on free ports of the loopback interface.
  static func start(_ options: DemoOptions) throws -> [DemoEngine] {
    var engines: [DemoEngine] = []
    do {
      for number in 0..<options.engines {
        let server = try SimulatedServer(
          SimulatedServerConfiguration(engine: options.engine), log: { _ in })
        engines.append(try DemoEngine(name: "engine-\(number)", server: server))
      }
    } catch {
      for engine in engines { engine.server.kill() }
      throw error
    }
    return engines
  }

  /// A line an engine: its name and where it is.
  static func list(_ engines: [DemoEngine]) -> String {
    engines.map { engine in
      let events = engine.server.configuration.eventEndpoint
      return "  \(engine.name)  \(engine.server.url)  KV events \(events)\n"
    }.joined()
  }
}

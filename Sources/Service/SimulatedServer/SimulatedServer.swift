package import Simulation

/// A model server without a model: vLLM's scheduler and prefix cache behind real HTTP and ZeroMQ.
///
/// It serves from its initialiser until `stop` or `kill`. To start it again on the same ports, as
/// an engine with an empty cache and a new sequence of events, make another one from its
/// `configuration`.
package final class SimulatedServer: Sendable {
  /// With real ports in place of 0 and `*`.
  package let configuration: SimulatedServerConfiguration
  private let publisher: EventPublisher
  private let loop: EngineLoop
  private let http: HTTPServer

  /// Opens all ports and starts the engine.
  ///
  /// - Parameter log: Takes what the HTTP server has to say about connections that fail.
  /// - Throws: `EngineConfigurationError`, or `ZMQError` or `SystemError` when a port is taken.
  package init(
    _ configuration: SimulatedServerConfiguration, log: @escaping @Sendable (String) -> Void
  ) throws {
    let engine = try SimulatedEngine(configuration.engine)
    var settings = EventPublisher.Settings(
      endpoint: configuration.eventEndpoint, replayEndpoint: configuration.replayEndpoint)
    settings.topic = configuration.topic
    settings.bufferSteps = configuration.replayBatchesMax
    settings.replaysTopic = configuration.features.replaysTopic
    if configuration.features.offersSnapshots {
      settings.snapshots = EventEncoder(generation: configuration.features.generation)
    }
    let publisher = try EventPublisher(settings)
    var actual = configuration
    actual.eventEndpoint = Self.resolved(configuration.eventEndpoint, publisher.endpoint)
    actual.replayEndpoint = configuration.replayEndpoint.map {
      Self.resolved($0, publisher.replayEndpoint ?? $0)
    }
    let loop = EngineLoop(
      engine, stepTime: configuration.stepTime, publisher: publisher,
      features: configuration.features)
    do {
      var limits = HTTPLimits()
      limits.threads = .onePerConnection
      limits.connectionsMax = configuration.connectionsMax
      // Its own address is the one thing that the API cannot know, and does not say.
      let api = ModelServerAPI(actual, loop: loop)
      http = try HTTPServer(
        [configuration.address], limits: limits, log: log, handler: { api.respond(to: $0, $1) })
    } catch {
      loop.kill()
      publisher.stop()
      throw error
    }
    if let address = http.addresses.first { actual.address = address }
    self.configuration = actual
    self.publisher = publisher
    self.loop = loop
  }

  deinit { kill() }

  /// The endpoint that was asked for with the port that it got.
  ///
  /// libzmq spells the host its own way, `[::ffff:127.0.0.1]`.
  private static func resolved(_ asked: String, _ bound: String) -> String {
    guard asked.hasSuffix(":*"), let colon = bound.lastIndex(of: ":") else { return asked }
    return String(asked.dropLast(2)) + bound[colon...]
  }

  /// The base of its paths, without a slash at the end.
  package var url: String { "http://\(configuration.address)" }

  /// The state of the engine, and what it has published.
  package var status: (counters: EngineCounters, events: PublishedEvents) { loop.status() }

  /// Finishes the requests it has, hands their events to libzmq, and closes all ports.
  package func stop() {
    loop.drain()
    http.stop(waitingAtMost: .seconds(5))
    publisher.stop()
  }

  /// Closes all ports at once, as when the process dies; waiting clients get an error.
  package func kill() {
    loop.kill()
    publisher.stop()
    http.stop(waitingAtMost: .zero)
  }
}

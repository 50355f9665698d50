package import EPPScorer
import KVIndexer

/// The endpoint picker with the indexer inside: ext_proc, health, metrics and the indexer's own API,
/// assembled.
package final class PickerService: Sendable {
  /// Where ext_proc is answered, with real ports in place of 0.
  package let addresses: [ListenAddress]
  package let healthAddresses: [ListenAddress]
  package let metricsAddresses: [ListenAddress]
  /// Where the indexer's own API is answered; empty where it is not.
  package var adminAddresses: [ListenAddress] { indexer.addresses }

  /// How long a stop waits for health checks to notice; Envoy's come every few seconds.
  private static let farewellMax = Duration.seconds(5)

  /// What decides on requests.
  let director: Director
  private let flags: PickerFlags
  /// Where engines connect to publish; nil when they are connected to.
  private let relay: EventRelay?
  /// The indexer that is asked in place of the own index.
  private let remote: RemoteIndexer?
  private let indexer: IndexerService
  private let engines: PickerEngines
  private let gateway: GRPCServer
  private let health: GRPCServer
  private let healthStatus: GRPCHealth
  private let metrics: HTTPServer
  private let credentials: PickerFlags.Credentials
  private let state: PickerState
  private let log: Log

  /// Starts everything; requests are routed when this returns.
  ///
  /// - Throws: `SystemError` when an address can't be listened on or a file is not good, `YAMLError`
  ///   when the endpoints file is not good to begin with.
  package init(_ flags: PickerFlags, _ setup: PickerSetup, log: Log) throws {
    self.flags = flags
    self.log = log
    if flags.shadowsPrecisely, let fault = PickerAssembly.shadowFault(setup) {
      log(.warning, "--shadow has no effect: \(fault)")
    }
    let state = PickerState()
    let metrics = PickerMetrics(poolName: flags.poolName, buildReference: ProductVersion.current)
    let pool = PickerPool()
    let approximations = PickerAssembly.approximations(setup)
    let fleetEngines = try FleetEngines(
      setup.metrics.map { .init($0, interval: flags.metricsInterval) }, log: log)
    let engines = PickerEngines(fleetEngines, pool: pool, approximations: approximations)
    let relay = try setup.preciseProducer?.events.boundAddress.map {
      try EventRelay(bindingTo: $0)
    }
    let indexer = try IndexerService(
      try PickerAssembly.configuration(flags, setup, relay, log),
      engines: fleetEngines, disconnected: { engines.noteDisconnection(of: $0) },
      tick: { engines.refreshCaches() })
    let remote = try PickerAssembly.remoteIndexer(setup, log)
    let director = Director(
      settings: PickerAssembly.settings(flags, setup), pool: pool, resolver: indexer.resolver,
      scheduler: Scheduler(setup.plan, timer: PluginDurations(of: setup.plan, in: metrics)),
      producers: PickerAssembly.producers(flags, setup, approximations, indexer.fleet, remote),
      engines: engines, metrics: metrics, insight: indexer.insight, tracer: indexer.tracer)
    var limits = ExternalProcessorLimits()
    // The director answers by the timeout itself, with less than it waited for; this is the net below.
    limits.decisionTimeout = flags.decisionTimeout + .seconds(1)
    let processor = ExternalProcessor(
      director: director, limits: limits, readsSubset: !flags.ignoresSubsetHint,
      metrics: ExtProcMetrics(responseSeconds: metrics.responseProcessing))
    let page = PickerPage(
      metrics: metrics, indexer: indexer.metricsPage, processor: processor.metrics,
      engines: engines, producers: director.producers,
      inFlightProducer: setup.inFlightLoad.name, countsStreams: flags.countsGRPCStreams,
      staleAfter: flags.metricsStalenessThreshold)
    self.director = director
    indexer.picker.set(director)
    self.relay = relay
    self.remote = remote
    self.indexer = indexer
    self.engines = engines
    self.state = state
    // A picker can route without the index, so health waits for it only where that was asked for.
    let waits = flags.readyShare != nil || flags.readyAfter != nil
    let knowsEnough: @Sendable () -> Bool = { [readiness = indexer.readiness] in
      !waits || readiness.isReady
    }
    let healthStatus = GRPCHealth { _ in
      state.check() && knowsEnough() ? .serving : .notServing
    }
    self.healthStatus = healthStatus
    if waits { indexer.readiness.observe { healthStatus.refresh() } }
    do {
      var healthRouter = GRPCRouter()
      healthStatus.register(in: &healthRouter)
      self.health = try GRPCServer([flags.address(port: flags.healthPort)], router: healthRouter)
      self.metrics = try HTTPServer(
        [flags.address(port: flags.metricsPort)], log: { log(.debug, "metrics: \($0)") },
        handler: { [router = page.router(isReady: { state.isServing && knowsEnough() })] in
          router.respond(to: $0, $1)
        })
      let reload = CredentialReload()
      credentials = try flags.credentials(log: log) { reload.take($0) }
      var router = GRPCRouter()
      processor.register(in: &router)
      if flags.answersHealthOnGRPCPort { healthStatus.register(in: &router) }
      var grpc = GRPCLimits()
      grpc.messageBytesMax = flags.receivedMessageBytesMax
      // The last one: whoever can reach it finds all else in place.
      gateway = try GRPCServer(
        [flags.address(port: flags.grpcPort)], router: router, limits: limits.widen(grpc),
        credentials: credentials.current, tlsPolicy: flags.tls)
      reload.give(to: nil, gateway, unless: credentials.current, log)
    } catch {
      remote?.stop()
      indexer.stop()
      relay?.stop()
      throw error
    }
    addresses = gateway.addresses
    healthAddresses = health.addresses
    metricsAddresses = self.metrics.addresses
    state.serve()
  }

  /// What it answers where, a line each.
  package var announcements: [String] {
    func list(_ addresses: [ListenAddress]) -> String {
      addresses.map(\.description).joined(separator: ", ")
    }
    let tls =
      switch flags.serving {
      case .plain: "without TLS"
      case .selfSigned: "with TLS and a certificate that signs itself"
      case .files(let paths, _): "with TLS and \(paths.certificate)"
      }
    return [
      "ext_proc on \(list(addresses)), \(tls)", "health checks on \(list(healthAddresses))",
      "metrics on \(list(metricsAddresses))",
      relay.map { "KV events of all engines on \($0.endpoint)" },
      adminAddresses.isEmpty ? nil : "the indexer's API on \(list(adminAddresses))",
    ].compactMap(\.self)
  }

  /// Says on health checks that no more is taken, answers what has begun, and ends all threads.
  package func stop() {
    state.leave(waitingAtMost: min(flags.drainTimeout, Self.farewellMax)) { healthStatus.refresh() }
    let cutOff = gateway.stop(waitingAtMost: flags.drainTimeout)
    if cutOff > 0 { log(.warning, "\(cutOff) requests were cut off") }
    health.stop(waitingAtMost: .zero)
    metrics.stop(waitingAtMost: .seconds(1))
    credentials.files?.stop()
    remote?.stop()
    indexer.stop()
    relay?.stop()
  }
}

import KVIndexer

/// The indexer: subscriptions, ingest, index, rendering and API, assembled.
package final class IndexerService: Sendable {
  /// Where HTTP is answered, with real ports in place of 0.
  package var addresses: [ListenAddress] { listeners.http?.addresses ?? [] }
  /// Where gRPC is answered.
  package var grpcAddresses: [ListenAddress] { listeners.grpc?.addresses ?? [] }
  /// The index, for what shares the process with the service.
  package var fleet: SharedFleet { intake.fleet }
  /// Which endpoints there are.
  let membership: FleetMembership
  /// Endpoints that registered themselves.
  package let registry: EndpointRegistry
  /// Whether answers mean enough to be asked for.
  let readiness: Readiness
  /// Turns prompts into token ids.
  let resolver: PromptResolver
  /// What was predicted, and what came of it.
  package let insight: Insight
  /// What `GET /metrics` shows.
  let metricsPage: MetricsPage
  /// Records requests; nil when no traces are exported.
  let tracer: Tracer?
  /// Where a picker in this process makes itself known to the API.
  let picker = PickExplainerSlot()
  private let configuration: ServiceConfiguration
  private let intake: EventIntake
  private let snapshots: SnapshotKeeper
  private let tokens: TokenSources
  private let engines: FleetEngines
  private let watcher: EndpointsWatcher?
  /// Tells what changes in the fleet.
  package let fleetWatch: FleetWatch
  private let listeners: ServiceListeners
  private let housekeeping: Housekeeping
  private let inspection: Inspection

  /// Starts everything for itself.
  package convenience init(_ configuration: ServiceConfiguration) throws {
    try self.init(
      configuration, engines: FleetEngines(configuration.engineMetrics, log: configuration.log))
  }

  /// Starts everything; the service answers when this returns.
  ///
  /// - Parameters:
  ///   - engines: Follows the fleet from now on, and ends with the service.
  ///   - disconnected: Told of a source whose connection was lost, on the ingest's thread.
  ///   - tick: Called ten times a second.
  /// - Throws: `SystemError` when an address can't be listened on, `InsecureListening` when anyone
  ///   could ask there, `YAMLError` when the endpoints file is not good to begin with.
  init(
    _ configuration: ServiceConfiguration, engines: FleetEngines,
    disconnected: @escaping @Sendable (SourceID) -> Void = { _ in },
    tick: @escaping @Sendable () -> Void = {}
  ) throws {
    if configuration.tokenFile == nil, !configuration.allowsInsecureListen {
      try InsecureListening.check(configuration.listen + configuration.grpcListen)
    }
    let log = configuration.log
    let metrics = ServiceMetrics()
    let directory = try configuration.warm.stateDirectory.map { try StateDirectory($0) }
    let intake = try EventIntake(
      configuration, metrics: metrics, directory: directory, disconnected: disconnected)
    let snapshots = SnapshotKeeper(
      intake: intake, directory: directory, interval: configuration.warm.snapshotInterval,
      metrics: metrics.snapshots, log: log)
    let fleet = intake.fleet
    let tokens = try TokenSources(configuration.rendering, log: log)
    let membership = FleetMembership(
      intake: intake, defaultModel: configuration.model, log: log,
      changed: { members in
        tokens.set(members)
        engines.set(members)
      })
    membership.add(configuration.endpoints)
    registry = EndpointRegistry(
      membership: membership, defaults: configuration.events, log: log)
    readiness = Readiness(configuration.readiness, fleet: fleet, membership: membership)
    watcher = try Self.watch(configuration, membership)
    resolver = PromptResolver(membership: membership, tokens: tokens)
    let auditor =
      configuration.audit.mode == .off
      ? nil
      : SourceAuditor(
        configuration.audit, intake: intake, membership: membership, engines: engines, log: log)
    insight = Insight(
      fleet: fleet, routing: configuration.routing, limits: configuration.decisions,
      auditor: auditor)
    tracer = try configuration.tracing.map { try Tracer($0, log: log) }
    inspection = Inspection(fleet: fleet, membership: membership, engines: engines)
    fleetWatch = FleetWatch(fleet: fleet, membership: membership)
    self.configuration = configuration
    self.intake = intake
    self.snapshots = snapshots
    self.tokens = tokens
    self.membership = membership
    self.engines = engines
    let admission = RequestAdmission(configuration.admission)
    let sampler = FleetSampler(
      fleet: fleet, membership: membership, subscriptions: intake.subscriptions,
      metrics: metrics, engines: engines, comparison: insight.comparison)
    let overview = Overview(
      sample: { sampler.sample() }, indexBytesMax: configuration.memoryBudget,
      routes: { [picker] in picker.current != nil })
    metricsPage = MetricsPage(
      membership: membership, registry: registry, intake: intake, metrics: metrics,
      renderer: tokens.renderer,
      admission: admission, tracer: tracer, engines: engines, insight: insight,
      auditor: auditor, overview: overview)
    let scorer = Scorer(
      fleet: fleet, membership: membership, resolver: resolver, metrics: metrics,
      insight: insight, deadlineDefault: configuration.scoreDeadline)
    let api = IndexerAPI(
      scorer: scorer, resolver: resolver, admission: admission, fleetWatch: fleetWatch,
      membership: membership, registry: registry, readiness: readiness, intake: intake,
      renderer: tokens.renderer, endpointsFile: watcher, metrics: metricsPage, tracer: tracer,
      overview: overview, engines: engines, insight: insight, auditor: auditor, picker: picker,
      inspection: inspection, snapshots: snapshots, log: log)
    do {
      listeners = try ServiceListeners(
        configuration, routes: api.routes,
        rpc: IndexerRPC(scorer: scorer, admission: admission, watch: fleetWatch),
        metrics: metrics, isReady: { [readiness] in readiness.isReady })
    } catch {
      watcher?.stop()
      engines.stop()
      tokens.stop()
      tracer?.stop()
      throw error
    }
    let sentinel = SourceSentinel(
      configuration.trust, intake: intake, membership: membership, engines: engines,
      servedModels: tokens.servedModels)
    housekeeping = Housekeeping(fleet: fleet, churn: inspection.churn) {
      [listeners, insight, registry, readiness] in
      let now = MonotonicClock.nowNanoseconds()
      sentinel.tick(now: now)
      _ = readiness.report(now: now)
      listeners.refreshHealth()
      registry.tick(now: now)
      insight.tick(now: now)
      auditor?.tick(now: now)
      overview.tick(now: now)
      tick()
    }
    start()
  }

  private func start() {
    if membership.members.isEmpty {
      configuration.log(
        .warning,
        "there are no endpoints yet: nothing is known, and /readyz says so, until one is configured "
          + "or registers itself")
    }
    intake.start()
    snapshots.start()
    housekeeping.start()
    inspection.thread.start()
    fleetWatch.start()
  }

  /// Follows the endpoints file.
  private static func watch(
    _ configuration: ServiceConfiguration, _ membership: FleetMembership
  ) throws -> EndpointsWatcher? {
    let accepted = Counter()
    let log = configuration.log
    return try configuration.endpointsFile.map { file in
      try EndpointsWatcher(
        file, defaults: configuration.events, isWatching: configuration.followsEndpointsFile
      ) { event in
        switch event {
        case .accepted(let change):
          accepted.add()
          for warning in change.warnings { log(.warning, "\(warning)") }
          membership.apply(change)
        case .rejected(let error) where accepted.value == 0:
          // Thrown by the watcher as well.
          log(.debug, "\(error)")
        case .rejected(let error):
          log(.error, "\(error); the last good endpoints stay in force")
        }
      }
    }
  }

  /// Answers what has begun, applies what has arrived, and ends all threads.
  package func stop() {
    watcher?.stop()
    let cutOff = listeners.stop(waitingAtMost: configuration.stopLimit)
    if cutOff > 0 { configuration.log(.warning, "\(cutOff) requests were cut off") }
    inspection.thread.stop()
    snapshots.stop()
    fleetWatch.stop()
    engines.stop()
    tokens.stop()
    intake.stop()
    snapshots.finish()
    housekeeping.stop()
    tracer?.stop()
  }
}

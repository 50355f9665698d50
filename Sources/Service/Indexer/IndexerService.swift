import KVIndexer

/// The indexer: subscriptions, ingest, index, rendering and API, assembled.
package final class IndexerService: Sendable {
  /// Where HTTP is answered, with real ports in place of 0.
  package let addresses: [ListenAddress]
  /// Where gRPC is answered.
  package let grpcAddresses: [ListenAddress]
  /// The index, for what shares the process with the service.
  package let fleet: SharedFleet
  /// Which endpoints there are.
  let membership: FleetMembership
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
  private let subscriptions: SubscriptionLoop
  private let ingest: Ingest
  private let renderer: Renderer?
  private let servedModels: ServedModels
  private let engines: FleetEngines
  private let watcher: EndpointsWatcher?
  /// Tells what changes in the fleet.
  package let fleetWatch: FleetWatch
  private let listeners: ServiceListeners
  private let housekeeping: Housekeeping
  private let inspection = InspectionThread()

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
    let hasher = configuration.hashKey.map { BlockHasher(sharedKey: $0) } ?? BlockHasher()
    let fleet = SharedFleet(FleetIndex(hasher: hasher, byteBudget: configuration.memoryBudget))
    let queue = IngestQueue(limits: configuration.queue)
    let subscriptions = SubscriptionLoop(settings: configuration.subscriptions) { queue.push($0) }
    let metrics = ServiceMetrics()
    let ingest = Ingest(
      fleet: fleet, queue: queue, metrics: metrics, log: log,
      feedback: Ingest.Feedback(
        undecodable: { subscriptions.undecodable($0, $1, sequence: $2) },
        historyCleared: { subscriptions.historyCleared($0, $1, sequence: $2) },
        disconnected: disconnected))
    let renderer = try configuration.rendering.map { try Renderer(settings: $0, log: log) }
    let servedModels = try ServedModels(security: configuration.rendering?.security ?? .init())
    let insight = Insight(
      fleet: fleet, routing: configuration.routing, limits: configuration.decisions)
    let membership = FleetMembership(
      fleet: fleet, subscriptions: subscriptions, defaultModel: configuration.model, log: log,
      changed: { members in
        renderer?.setEndpoints(members.map(\.renderEndpoint))
        servedModels.set(members)
        engines.set(members)
      })
    membership.add(configuration.endpoints)
    watcher = try Self.watch(configuration, membership)
    let resolver = PromptResolver(
      membership: membership, renderer: renderer, servedModels: servedModels)
    let scorer = Scorer(
      fleet: fleet, membership: membership, resolver: resolver, metrics: metrics,
      insight: insight, deadlineDefault: configuration.scoreDeadline)
    let admission = RequestAdmission(configuration.admission)
    let watch = FleetWatch(fleet: fleet, membership: membership)
    let tracer = try configuration.tracing.map { try Tracer($0, log: log) }
    let sampler = FleetSampler(
      fleet: fleet, membership: membership, subscriptions: subscriptions, metrics: metrics,
      engines: engines, comparison: insight.comparison)
    let overview = Overview(
      sample: { sampler.sample() }, indexBytesMax: configuration.memoryBudget,
      routes: { [picker] in picker.current != nil })
    metricsPage = MetricsPage(
      fleet: fleet, membership: membership, subscriptions: subscriptions, ingest: ingest,
      metrics: metrics, renderer: renderer, admission: admission, tracer: tracer,
      engines: engines, insight: insight, overview: overview)
    let churn = ChurnHistory()
    let inspector = FleetInspector(fleet: fleet)
    let api = IndexerAPI(
      fleet: fleet, scorer: scorer, resolver: resolver, admission: admission, fleetWatch: watch,
      membership: membership, subscriptions: subscriptions, renderer: renderer,
      endpointsFile: watcher,
      metrics: metricsPage, tracer: tracer, overview: overview, engines: engines,
      insight: insight, picker: picker,
      inspection: inspection, inspector: inspector,
      residencyReader: ResidencyReader(
        fleet: fleet, membership: membership, inspector: inspector, churn: churn,
        engines: engines))
    let listeners: ServiceListeners
    do {
      listeners = try ServiceListeners(
        configuration, routes: api.routes,
        rpc: IndexerRPC(scorer: scorer, admission: admission, watch: watch), metrics: metrics,
        isReady: { api.isReady })
    } catch {
      watcher?.stop()
      engines.stop()
      servedModels.stop()
      renderer?.stop()
      tracer?.stop()
      throw error
    }
    addresses = listeners.http?.addresses ?? []
    grpcAddresses = listeners.grpc?.addresses ?? []
    self.fleet = fleet
    self.insight = insight
    self.membership = membership
    self.resolver = resolver
    self.configuration = configuration
    self.subscriptions = subscriptions
    self.ingest = ingest
    self.renderer = renderer
    self.servedModels = servedModels
    self.tracer = tracer
    self.engines = engines
    fleetWatch = watch
    self.listeners = listeners
    housekeeping = Housekeeping(fleet: fleet, churn: churn) {
      listeners.refreshHealth()
      insight.tick(now: MonotonicClock.nowNanoseconds())
      overview.tick(now: MonotonicClock.nowNanoseconds())
      tick()
    }
    ingest.start()
    subscriptions.start()
    housekeeping.start()
    inspection.start()
    watch.start()
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
    inspection.stop()
    fleetWatch.stop()
    engines.stop()
    renderer?.stop()
    servedModels.stop()
    subscriptions.stop()
    ingest.stop()
    housekeeping.stop()
    tracer?.stop()
  }
}

extension FleetMembership.Member {
  /// The endpoint as one that renders.
  fileprivate var renderEndpoint: RenderEndpoint {
    RenderEndpoint(
      name: name, server: .url("http://\(configuration.authority)"),
      models: model.isEmpty ? [] : [model])
  }
}

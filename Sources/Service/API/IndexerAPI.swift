import KVIndexer
import Tokenize

/// The HTTP API: which path is answered by whom.
struct IndexerAPI: Sendable {
  let scorer: Scorer
  let resolver: PromptResolver
  let admission: RequestAdmission
  let fleetWatch: FleetWatch
  let membership: FleetMembership
  let registry: EndpointRegistry
  let readiness: Readiness
  let intake: EventIntake
  /// Nil when rendering is switched off.
  let renderer: Renderer?
  let endpointsFile: EndpointsWatcher?
  let metrics: MetricsPage
  /// Nil when no traces are exported.
  let tracer: Tracer?
  /// What the dashboard shows.
  let overview: Overview
  let engines: FleetEngines
  let insight: Insight
  /// Nil when nothing is audited.
  let auditor: SourceAuditor?
  /// The picker in this process, if there is one.
  let picker: PickExplainerSlot
  let inspection: Inspection
  let snapshots: SnapshotKeeper
  let log: Log

  var fleet: SharedFleet { intake.fleet }
  var subscriptions: SubscriptionLoop { intake.subscriptions }

  var routes: Router {
    var router = Router()
    router.onDeferred(.post, "/v1/score") { score($0, $1) }
    router.onDeferred(.post, "/score_completions") { scoreLikeLLMD(.completions, $0, $1) }
    router.onDeferred(.post, "/score_chat_completions") { scoreLikeLLMD(.chatCompletions, $0, $1) }
    router.onDeferred(.post, "/v1/reservations") { reserve($0, $1) }
    router.on(.delete, parameter: "/v1/reservations/{id}") { _, id throws(HTTPError) in
      try cancelReservation(id)
    }
    router.on(.post, "/v1/feedback") { request throws(HTTPError) in try feedback(request) }
    router.on(.get, "/v1/decisions") { request throws(HTTPError) in try decisions(request) }
    router.on(.get, "/v1/comparison") { _ in comparison() }
    router.on(.get, "/v1/endpoints") { _ in endpoints() }
    router.onDeferred(.get, "/v1/watch") { _, reply in watch(reply) }
    router.on(.get, "/v1/sources") { sources(of: $0.query("endpoint")) }
    router.onDeferred(.get, "/v1/snapshot") { _, reply in snapshot(reply) }
    router.onDeferred(.post, parameter: "/v1/sources/{change}") {
      request, path, reply throws(HTTPError) in try changeSource(request, path, reply)
    }
    router.onDeferred(.post, parameter: "/v1/endpoints/{change}") {
      request, path, reply throws(HTTPError) in try changeEndpoint(request, path, reply)
    }
    router.on(.put, parameter: "/v1/endpoints/{name}") { request, name throws(HTTPError) in
      try register(request, as: name)
    }
    router.on(.delete, parameter: "/v1/endpoints/{name}") { _, name throws(HTTPError) in
      try unregister(name)
    }
    router.onDeferred(.get, "/v1/residency") { residency($0, $1) }
    router.onDeferred(.get, "/v1/prefixes") { prefixes($0, $1) }
    router.onDeferred(.post, "/v1/explain") { explain($0, $1) }
    router.on(.get, "/") { _ in page() }
    router.on(.get, "/v1/overview") { _ in currentOverview() }
    router.onDeferred(.get, "/v1/stream") { _, reply in streamOverview(reply) }
    router.on(.get, "/healthz") { _ in
      HTTPResponse(contentType: "text/plain", body: Array("ok\n".utf8))
    }
    router.on(.get, "/readyz") { _ in ready() }
    router.on(.get, "/metrics") { _ in
      HTTPResponse(contentType: MetricsText.contentType, body: metrics.bytes())
    }
    return router
  }
}

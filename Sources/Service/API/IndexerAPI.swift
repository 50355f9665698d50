import KVIndexer
import Tokenize

/// The HTTP API: which path is answered by whom.
struct IndexerAPI: Sendable {
  let fleet: SharedFleet
  let membership: FleetMembership
  let subscriptions: SubscriptionLoop
  let ingest: Ingest
  let metrics: ServiceMetrics
  let endpointsFile: EndpointsWatcher?

  var routes: Router {
    var router = Router()
    router.on(.post, "/v1/score") { request throws(HTTPError) in try score(request) }
    router.on(.post, "/v1/reservations") { request throws(HTTPError) in try reserve(request) }
    router.on(.delete, parameter: "/v1/reservations/{id}") { _, id throws(HTTPError) in
      try cancelReservation(id)
    }
    router.on(.get, "/v1/endpoints") { _ in endpoints() }
    router.on(.get, "/v1/sources") { _ in sources() }
    router.on(.get, "/healthz") { _ in
      HTTPResponse(contentType: "text/plain", body: Array("ok\n".utf8))
    }
    router.on(.get, "/readyz") { _ in readiness() }
    let page = MetricsPage(
      fleet: fleet, membership: membership, subscriptions: subscriptions, ingest: ingest,
      metrics: metrics)
    router.on(.get, "/metrics") { _ in
      HTTPResponse(contentType: MetricsText.contentType, body: page.bytes())
    }
    return router
  }

  /// The model that a request means: the one it names, or the only one there is.
  func resolve(model: String?, among members: [FleetMembership.Member]) throws(HTTPError) -> String
  {
    let models = Set(members.map(\.model)).subtracting([""]).sorted()
    let listed = models.isEmpty ? "none is configured" : models.joined(separator: ", ")
    guard let model else {
      if models.count <= 1 { return models.first ?? "" }
      throw .invalidRequest("model: required, because there are several: \(listed)", param: "model")
    }
    if models.contains(model) || members.contains(where: { $0.model.isEmpty }) { return model }
    throw .notFound(
      "no endpoint serves the model '\(model)'; models: \(listed). A LoRA adapter goes into `lora`.",
      param: "model")
  }
}

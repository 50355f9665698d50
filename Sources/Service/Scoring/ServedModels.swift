/// The names that endpoints go by besides the configured one: aliases, and LoRA adapters.
///
/// A request names an adapter as if it were a model. Taken for the base model its blocks would be
/// looked up under the wrong keys, so each endpoint is asked for its list, `GET /v1/models`: when
/// it comes, once a minute, and soon after a name was asked for that nobody knows.
final class ServedModels: @unchecked Sendable {
  /// What a name in a request means.
  struct Meaning: Equatable, Sendable {
    var model: String
    var lora: String?
  }

  private struct Endpoint {
    var server: HTTPClient.Server
    /// The configured model; empty for none.
    var model: String
    var list = List()
    var dueAt: UInt64
  }

  private static let path = "/v1/models"
  private static let periodNanoseconds: UInt64 = 60_000_000_000
  private static let retryNanoseconds: UInt64 = 5_000_000_000
  private static let patienceNanoseconds: UInt64 = 2_000_000_000

  private let transfers: HTTPTransfers
  private let security: HTTPClient.Security
  private let lock = Lock()
  private var endpoints: [String: Endpoint] = [:]
  /// When an unknown name may next have all lists asked for again.
  private var refreshableAt: UInt64 = 0

  init(security: HTTPClient.Security) throws(HTTPClientError) {
    self.security = security
    var limits = HTTPTransfers.Limits()
    limits.transfersMax = 16
    limits.waitingMax = 1 << 20
    limits.bodyBytesMax = 4 << 20
    transfers = try HTTPTransfers(limits: limits)
    transfers.start(name: "models") { [self] now in ask(at: now) }
  }

  func stop() { transfers.stop() }

  func set(_ members: [FleetMembership.Member]) {
    lock.withLock {
      var next: [String: Endpoint] = [:]
      for member in members {
        let server = HTTPClient.Server.url("http://\(member.address)")
        var endpoint = Endpoint(server: server, model: member.model, dueAt: 0)
        if let known = endpoints[member.name], known.server == server {
          endpoint.list = known.list
          endpoint.dueAt = known.dueAt
        }
        next[member.name] = endpoint
      }
      endpoints = next
    }
    transfers.wake()
  }

  /// What the endpoints mean by a name; nil when none has said.
  func meaning(of name: String) -> Meaning? {
    lock.withLock {
      for endpoint in endpoints.values {
        guard let parent = endpoint.list.names[name] else { continue }
        let base = endpoint.model.isEmpty ? parent ?? name : endpoint.model
        return Meaning(model: base, lora: parent == nil ? nil : name)
      }
      return nil
    }
  }

  /// Says what an endpoint serves in place of its configured model, and how to mend that; nil where
  /// it serves it, or has not said what it serves, or no model is configured.
  func contradiction(at endpoint: String, model: String) -> String? {
    let list = lock.withLock { endpoints[endpoint]?.list }
    guard !model.isEmpty, let list, !list.names.isEmpty, !list.serves(model) else { return nil }
    return "model: \(list.contradiction(of: model)). \(list.mend(for: model))"
  }

  /// Has the lists asked for again, because a name is not in them that may be new.
  func refresh() {
    let now = MonotonicClock.nowNanoseconds()
    let isDue = lock.withLock {
      guard now >= refreshableAt else { return false }
      refreshableAt = now + Self.retryNanoseconds
      for name in endpoints.keys { endpoints[name]?.dueAt = 0 }
      return true
    }
    if isDue { transfers.wake() }
  }

  /// Asks the endpoints whose time has come; returns when the next one's has.
  private func ask(at now: UInt64) -> UInt64? {
    let due: [(name: String, server: HTTPClient.Server)] = lock.withLock {
      endpoints.filter { $0.value.dueAt <= now }.map { name, endpoint in
        endpoints[name]?.dueAt = now + Self.retryNanoseconds
        return (name, endpoint.server)
      }
    }
    for (name, server) in due {
      var call = HTTPCall(server, path: Self.path)
      call.method = "GET"
      call.security = security
      do throws(HTTPClientError) {
        try transfers.send(call, deadline: now + Self.patienceNanoseconds) { [self] result in
          take(result, from: name, server)
        }
      } catch {
        // Too many wait, or the end has come: it is asked again when its time comes.
        continue
      }
    }
    return lock.withLock { endpoints.values.map(\.dueAt).min() }
  }

  private func take(
    _ result: Result<HTTPClient.Reply, HTTPClientError>, from name: String,
    _ server: HTTPClient.Server
  ) {
    guard case .success(let reply) = result, reply.status == 200,
      let list = Self.list(in: reply.body)
    else { return }
    lock.withLock {
      guard endpoints[name]?.server == server else { return }
      endpoints[name]?.list = list
      endpoints[name]?.dueAt = MonotonicClock.nowNanoseconds() + Self.periodNanoseconds
    }
  }
}

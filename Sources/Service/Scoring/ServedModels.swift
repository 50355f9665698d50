import Tokenize

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
    /// By the name in requests: the parent of an adapter, nil for a model.
    var names: [String: String?] = [:]
    /// What the models are called where they come from.
    var roots: Set<String> = []
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
          endpoint.names = known.names
          endpoint.roots = known.roots
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
        guard let parent = endpoint.names[name] else { continue }
        let base = endpoint.model.isEmpty ? parent ?? name : endpoint.model
        return Meaning(model: base, lora: parent == nil ? nil : name)
      }
      return nil
    }
  }

  /// Whether an endpoint serves a model, by that name or another, or an adapter of it; nil where it
  /// has not said what it serves, or the model is not configured.
  func serves(_ endpoint: String, model: String) -> Bool? {
    lock.withLock {
      guard !model.isEmpty, let known = endpoints[endpoint], !known.names.isEmpty else {
        return nil
      }
      return known.names.keys.contains(model) || known.roots.contains(model)
        || known.names.values.contains(model)
    }
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
      endpoints[name]?.names = list.names
      endpoints[name]?.roots = list.roots
      endpoints[name]?.dueAt = MonotonicClock.nowNanoseconds() + Self.periodNanoseconds
    }
  }

  /// An endpoint's answer.
  struct List: Equatable {
    /// The entries, each with its parent.
    var names: [String: String?] = [:]
    /// What the models among them are called where they come from.
    var roots: Set<String> = []
  }

  /// The list's entries; nil for what is no such list.
  static func list(in body: [UInt8]) -> List? {
    body.withUnsafeBytes { bytes in
      var list = List()
      var cursor = JSONCursor(bytes)
      do throws(JSONError) {
        try cursor.beginObject()
        while let key = try cursor.nextKey() {
          guard key == "data" else {
            try cursor.skipValue()
            continue
          }
          try cursor.beginArray()
          while try cursor.nextElement() {
            let entry = try entry(&cursor)
            if let id = entry.id { list.names.updateValue(entry.parent, forKey: id) }
            if let root = entry.root, entry.parent == nil { list.roots.insert(root) }
          }
        }
        return list
      } catch {
        return nil
      }
    }
  }

  private static func entry(
    _ cursor: inout JSONCursor
  ) throws(JSONError) -> (id: String?, parent: String?, root: String?) {
    var entry: (id: String?, parent: String?, root: String?)
    try cursor.beginObject()
    while let key = try cursor.nextKey() {
      if key == "id" {
        entry.id = try cursor.string()
      } else if key == "parent" {
        entry.parent = try cursor.null() ? nil : cursor.string()
      } else if key == "root" {
        entry.root = try cursor.null() ? nil : cursor.string()
      } else {
        try cursor.skipValue()
      }
    }
    return entry
  }
}

import Tokenize

/// An endpoint, and the address that its host name stands for.
package struct ResolvedEndpoint: Sendable, Equatable {
  package var configuration: EndpointConfiguration
  /// An IPv4 or IPv6 address in canonical form, without brackets: gateways route to nothing else.
  package var host: String

  /// `host:port`, with an IPv6 address in brackets.
  package var authority: String {
    "\(host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host):\(configuration.port)"
  }
}

/// Turns the host names of endpoints into addresses, and looks them up again as time goes by.
///
/// A name that stops resolving keeps its last address. One with several addresses keeps the one it
/// has for as long as it is among them. Endpoints whose name never resolved are left out.
package final class EndpointResolver: @unchecked Sendable {
  package typealias Lookup = @Sendable (String) -> Result<[String], HostLookup.Failure>

  package struct Settings: Sendable {
    /// How long an address is believed.
    package var interval = Duration.seconds(30)
    /// The shortest time between two looks at a name, when failures ask for one.
    package var intervalMin = Duration.seconds(1)

    package init() {}
  }

  private struct Host {
    var address: String?
    var isFailing = false
    /// When it is looked up next.
    var dueAt: UInt64
    var lookedAt: UInt64 = 0
  }

  private let settings: Settings
  private let log: Log
  private let lookup: Lookup
  private let onChange: @Sendable ([ResolvedEndpoint]) -> Void
  /// Held while a change is told, so that changes come in order.
  private let telling = Lock()
  private var told: [ResolvedEndpoint]?
  /// Guards what follows.
  private let lock = ConditionLock()
  private var endpoints: [EndpointConfiguration] = []
  private var hosts: [String: Host] = [:]
  private var isStopping = false
  private var thread: WorkerThread?

  /// Starts the thread that looks names up.
  ///
  /// - Parameters:
  ///   - lookup: May take long: it runs on that thread.
  ///   - onChange: Told of all endpoints that have an address whenever that is another list than
  ///     before, on the thread or on the one that calls `setEndpoints`; it must call neither that
  ///     nor `stop`.
  package init(
    settings: Settings = Settings(), log: Log,
    lookup: @escaping Lookup = { HostLookup.addresses(of: $0) },
    onChange: @escaping @Sendable ([ResolvedEndpoint]) -> Void
  ) {
    self.settings = settings
    self.log = log
    self.lookup = lookup
    self.onChange = onChange
    thread = WorkerThread(name: "resolver") { [self] in run() }
  }

  /// Ends the thread; nothing is told any more when it returns.
  ///
  /// It does not wait for a lookup that is under way.
  package func stop() {
    telling.withLock {
      lock.withLock {
        isStopping = true
        lock.broadcast()
        thread?.detach()
      }
    }
  }

  /// Takes `endpoints` for all that there are; those with an address are told of at once.
  package func setEndpoints(_ endpoints: [EndpointConfiguration]) {
    let now = MonotonicClock.nowNanoseconds()
    lock.withLock {
      self.endpoints = endpoints
      let names = Set(endpoints.map(\.address).filter { $0.kind == .name }.map(\.text))
      hosts = hosts.filter { names.contains($0.key) }
      for name in names where hosts[name] == nil { hosts[name] = Host(dueAt: now) }
      lock.broadcast()
    }
    tell()
  }

  /// Says that an endpoint could not be reached where it was: its name is looked up again.
  package func noteFailure(_ host: HostName) {
    let now = MonotonicClock.nowNanoseconds()
    lock.withLock {
      guard let known = hosts[host.text] else { return }
      let soonest = max(now, known.lookedAt + settings.intervalMin.wholeNanoseconds)
      guard soonest < known.dueAt else { return }
      hosts[host.text]?.dueAt = soonest
      lock.broadcast()
    }
  }

  // MARK: The thread

  private func run() {
    while let name = waitForDue() {
      let result = lookup(name)
      take(result, of: name)
      tell()
    }
  }

  /// The next name to look up; nil at a stop.
  private func waitForDue() -> String? {
    lock.withLock {
      while !isStopping {
        let next = hosts.min { ($0.value.dueAt, $0.key) < ($1.value.dueAt, $1.key) }
        guard let next else {
          lock.wait()
          continue
        }
        if next.value.dueAt <= MonotonicClock.nowNanoseconds() { return next.key }
        _ = lock.wait(untilNanoseconds: next.value.dueAt)
      }
      return nil
    }
  }

  private func take(_ result: Result<[String], HostLookup.Failure>, of name: String) {
    let now = MonotonicClock.nowNanoseconds()
    lock.withLock {
      guard var host = hosts[name] else { return }
      host.lookedAt = now
      switch result {
      case .success(let addresses):
        if host.isFailing { log(.info, "the host name \(name) resolves again") }
        host.isFailing = false
        if host.address.map(addresses.contains) != true { move(name, &host, to: addresses.first) }
        host.dueAt = now + settings.interval.wholeNanoseconds
      case .failure(let failure):
        if !host.isFailing {
          let consequence =
            host.address.map { "its last address \($0) stays in use" }
            ?? "its endpoints are left out until it does"
          log(.warning, "the host name \(name) does not resolve (\(failure)); \(consequence)")
        }
        host.isFailing = true
        // Without any address it is worth looking more often.
        let wait = host.address == nil ? settings.intervalMin : settings.interval
        host.dueAt = now + wait.wholeNanoseconds
      }
      hosts[name] = host
    }
  }

  private func move(_ name: String, _ host: inout Host, to address: String?) {
    if let old = host.address, let address {
      log(.info, "the host name \(name) moved from \(old) to \(address)")
    }
    host.address = address ?? host.address
  }

  private func tell() {
    telling.withLock {
      let resolved: [ResolvedEndpoint]? = lock.withLock {
        guard !isStopping else { return nil }
        return endpoints.compactMap { endpoint in
          let host =
            endpoint.address.kind == .name
            ? hosts[endpoint.address.text]?.address : endpoint.address.text
          return host.map { ResolvedEndpoint(configuration: endpoint, host: $0) }
        }
      }
      guard let resolved, resolved != told else { return }
      told = resolved
      onChange(resolved)
    }
  }
}

import Service
import Testing

@Suite struct EndpointResolverTests {
  /// Names and their addresses, which a test changes.
  private final class Names: Sendable {
    private let lock = Lock()
    nonisolated(unsafe) private var addresses: [String: [String]] = [:]
    nonisolated(unsafe) private var count = 0

    func set(_ name: String, _ addresses: [String]?) {
      lock.withLock { self.addresses[name] = addresses }
    }

    var lookups: Int { lock.withLock { count } }

    func find(_ name: String) -> Result<[String], HostLookup.Failure> {
      lock.withLock {
        count += 1
        return addresses[name].map { .success($0) } ?? .failure(HostLookup.Failure("unknown"))
      }
    }
  }

  private let names = Names()
  private let log = LogLines()
  private let arrivals = Arrivals<[String]>()

  private func resolver(interval: Duration = .seconds(3600)) -> EndpointResolver {
    var settings = EndpointResolver.Settings()
    settings.interval = interval
    settings.intervalMin = .milliseconds(1)
    return EndpointResolver(
      settings: settings, log: Log { [log] in log.add($0) }, lookup: { [names] in names.find($0) },
      onChange: { [arrivals] in arrivals.add($0.map(\.authority)) })
  }

  private func endpoints(_ hosts: String...) throws -> [EndpointConfiguration] {
    let entries = hosts.map { "{name: 'e-\($0)', address: '\($0)', port: 80}" }
    let text = "endpoints: [\(entries.joined(separator: ", "))]"
    return try EndpointsFile(parsing: Array(text.utf8), file: "e.yaml").endpoints
  }

  private func logged(_ part: String) -> Int { log.all.count { $0.contains(part) } }

  @Test func `addresses are there at once, names when they have resolved`() throws {
    names.set("a", ["10.0.0.1", "10.0.0.2"])
    let resolver = resolver()
    defer { resolver.stop() }
    try resolver.setEndpoints(endpoints("10.0.0.9", "a", "::1"))
    // The name may be that quick.
    var now = arrivals.next()
    if now == ["10.0.0.9:80", "[::1]:80"] { now = arrivals.next() }
    #expect(now == ["10.0.0.9:80", "10.0.0.1:80", "[::1]:80"])
    try resolver.setEndpoints(endpoints("a"))
    #expect(arrivals.next() == ["10.0.0.1:80"])
    resolver.setEndpoints([])
    #expect(arrivals.next() == [])
  }

  @Test func `a name that moved is followed, one that is shuffled stays`() throws {
    names.set("a", ["10.0.0.1"])
    let resolver = resolver(interval: .milliseconds(2))
    defer { resolver.stop() }
    try resolver.setEndpoints(endpoints("a"))
    var now = arrivals.next()
    if now == [] { now = arrivals.next() }
    #expect(now == ["10.0.0.1:80"])
    names.set("a", ["10.0.0.2", "10.0.0.1"])
    let before = names.lookups
    try Deadline.wait { names.lookups >= before + 3 }
    names.set("a", ["10.0.0.3"])
    #expect(arrivals.next() == ["10.0.0.3:80"])
    #expect(logged("the host name a moved from 10.0.0.1 to 10.0.0.3") == 1)
  }

  @Test func `a name that no longer resolves keeps its last address, which is said once`() throws {
    names.set("a", ["10.0.0.1"])
    let resolver = resolver(interval: .milliseconds(2))
    defer { resolver.stop() }
    try resolver.setEndpoints(endpoints("a"))
    try Deadline.wait { names.lookups > 0 }
    names.set("a", nil)
    let before = names.lookups
    try Deadline.wait { names.lookups >= before + 4 }
    #expect(logged("does not resolve (unknown); its last address 10.0.0.1 stays in use") == 1)
    names.set("a", ["10.0.0.1"])
    try Deadline.wait { logged("the host name a resolves again") == 1 }
    var last: [String]?
    try resolver.setEndpoints(endpoints("a", "10.0.0.9"))
    while last != ["10.0.0.1:80", "10.0.0.9:80"] { last = arrivals.next() }
  }

  @Test func `an endpoint whose name never resolved is left out until it does`() throws {
    let resolver = resolver()
    defer { resolver.stop() }
    try resolver.setEndpoints(endpoints("a", "10.0.0.9"))
    #expect(arrivals.next() == ["10.0.0.9:80"])
    try Deadline.wait { logged("its endpoints are left out until it does") == 1 }
    names.set("a", ["10.0.0.1"])
    #expect(arrivals.next() == ["10.0.0.1:80", "10.0.0.9:80"])
  }

  @Test func `a report of a failure has a name looked up again`() throws {
    names.set("a", ["10.0.0.1"])
    let resolver = resolver()
    defer { resolver.stop() }
    let endpoints = try endpoints("a")
    resolver.setEndpoints(endpoints)
    var now = arrivals.next()
    if now == [] { now = arrivals.next() }
    #expect(now == ["10.0.0.1:80"])
    names.set("a", ["10.0.0.2"])
    resolver.noteFailure(endpoints[0].address)
    #expect(arrivals.next() == ["10.0.0.2:80"])
  }

  @Test func `the system knows localhost, and says why it does not know others`() throws {
    let addresses = try HostLookup.addresses(of: "localhost").get()
    #expect(!Set(addresses).isDisjoint(with: ["127.0.0.1", "::1"]))
    let failure = #expect(throws: HostLookup.Failure.self) {
      try HostLookup.addresses(of: "name.invalid").get()
    }
    #expect(failure?.description.isEmpty == false)
  }
}

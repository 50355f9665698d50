import KVIndexer
import Simulation
import Testing
import Tokenize

@testable import Service

/// Questions to a whole indexer service, and to servers that only look like one.
@Suite(.serialized) struct RemoteIndexerTests {
  private typealias Answer = Result<RemoteScore, RemoteIndexerFailure>

  private let log = LogLines()

  private func connect(
    _ server: HTTPClient.Server, _ change: (inout RemoteIndexer.Settings) -> Void = { _ in }
  ) throws -> RemoteIndexer {
    var settings = RemoteIndexer.Settings(server: server)
    settings.breaker.backOffMin = .milliseconds(5)
    settings.breaker.backOffMax = .milliseconds(20)
    settings.breaker.refusalBackOff = .milliseconds(5)
    change(&settings)
    return try RemoteIndexer(settings: settings, log: Log { [log] in log.add($0) })
  }

  private func ask(
    _ remote: RemoteIndexer, _ query: RemoteQuery, milliseconds: UInt64 = 20_000
  ) throws -> Answer {
    let answers = Arrivals<Answer>()
    let deadline = MonotonicClock.nowNanoseconds() + milliseconds * 1_000_000
    remote.score(query, deadline: deadline) { answers.add($0) }
    return try #require(answers.next())
  }

  private func query(_ prompt: Int = 1) -> RemoteQuery {
    RemoteQuery(.tokens(PublishedEngine.tokens(prompt) + [0]), model: "m")
  }

  private func kind(_ answer: Answer) -> RemoteIndexerFailure.Kind? {
    if case .failure(let failure) = answer { failure.kind } else { nil }
  }

  private func logged(_ part: String) -> Int { log.all.count { $0.contains(part) } }

  @Test func `the answer is what the indexer itself says`() throws {
    let engines = [try PublishedEngine(), try PublishedEngine()]
    let directory = try TemporaryDirectory()
    let socket = directory.path + "/indexer.sock"
    let harness = try ServiceHarness([
      engines[0].entry("a"), engines[1].entry("b", port: 8001),
      "- {name: c, address: 127.0.0.1, port: 8002, model: m, kvEvents: {ranks: 0}}\n",
    ]) { $0.listen.append(.unix(path: socket)) }
    engines[0].store(1..<2)
    engines[1].store(1..<2, blocks: 2)
    try harness.wait(for: .exact(64), of: 1, on: "a")
    try harness.wait(for: .exact(32), of: 1, on: "b")
    for server in [HTTPClient.Server.url(harness.url), .unix(path: socket)] {
      let remote = try connect(server)
      defer { remote.stop() }
      let score = try ask(remote, query()).get()
      #expect(score.promptTokens == 65)
      #expect(score.origin == .given)
      #expect(score.endpoints.map(\.name) == ["a", "b", "c"])
      #expect(score.endpoints.map(\.matchedTokens) == [64, 32, 0])
      #expect(score.endpoints.map { $0.tierTokens[.gpu] } == [64, 32, 0])
      #expect(score.endpoints.map(\.blockSize) == [16, 16, nil])
      #expect(score.endpoints.map(\.trust) == [.exact, .exact, .connecting])
      #expect(score.endpoints.map { $0.reason == nil } == [true, true, false])
      var one = query()
      one.endpoints = ["b"]
      #expect(try ask(remote, one).get().endpoints.map(\.name) == ["b"])
      let body = #"{"model": "m", "prompt": \#(PublishedEngine.tokens(1))}"#
      let written = RemoteQuery(.body(.completions, Array(body.utf8)))
      #expect(try ask(remote, written).get().endpoints.first?.matchedTokens == 48)
      var unknown = query()
      unknown.model = "other"
      #expect(kind(try ask(remote, unknown)) == .refused)
      #expect(remote.isClosed)
      #expect(remote.metrics.answers.value == 3)
    }
    withExtendedLifetime((engines, directory, harness)) {}
  }

  @Test func `a key is shown, and without it nothing is asked any more`() throws {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    try directory.write("a-very-secret-token-1\n", to: "tokens")
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")]) {
      $0.tokenFile = directory.path + "/tokens"
    }
    let good = try connect(.url(harness.url)) { $0.security.bearerToken = "a-very-secret-token-1" }
    #expect(kind(try ask(good, query())) == nil)
    good.stop()
    let bad = try connect(.url(harness.url))
    #expect(kind(try ask(bad, query())) == .unauthorized)
    #expect(!bad.isClosed)
    #expect(kind(try ask(bad, query())) == .open)
    #expect(logged("the remote indexer is not asked for now: status 401") == 1)
    bad.stop()
  }

  @Test func `an indexer that is gone is found out once, and again when it is back`() throws {
    let text = #"{"prompt_tokens": 5, "tokens_from": "given", "endpoints": [], "new": [1]}"#
    let first = try MetricsServer(text)
    let port = first.port
    let remote = try connect(.url("http://127.0.0.1:\(port)"))
    defer { remote.stop() }
    #expect(try ask(remote, query()).get().promptTokens == 5)
    first.stop()
    var kinds: [RemoteIndexerFailure.Kind?] = []
    for _ in 0..<4 { kinds.append(kind(try ask(remote, query()))) }
    #expect(kinds == [.unreachable, .unreachable, .unreachable, .open])
    let second = try MetricsServer(text, port: port)
    defer { second.stop() }
    try Deadline.wait { remote.isClosed }
    #expect(try ask(remote, query()).get().promptTokens == 5)
    try Deadline.wait { logged("the remote indexer answers again") == 1 }
    #expect(remote.metrics.failures[.open].value >= 1)
  }

  @Test func `a silent indexer costs a request its deadline, and soon nothing`() throws {
    let silent = try SilentServer()
    let remote = try connect(.url("http://127.0.0.1:\(silent.port)")) {
      $0.trialTimeout = .milliseconds(10)
    }
    #expect(kind(try ask(remote, query(), milliseconds: 0)) == .timedOut)
    for _ in 0..<3 { #expect(kind(try ask(remote, query(), milliseconds: 200)) == .timedOut) }
    try Deadline.wait { kind(try ask(remote, query())) == .open }
    remote.stop()
    #expect([.open, .stopped].contains(kind(try ask(remote, query()))))
  }

  @Test(arguments: [
    ("", 200), ("[]", 200), (#"{"endpoints": 5}"#, 200), ("{", 200), ("", 500),
    (#"{"endpoints": [{"endpoint": "a", "matched_tokens": "x"}]}"#, 200),
  ]) func `what is no answer is a fault`(_ text: String, _ status: Int) throws {
    let server = try MetricsServer(text, status: status)
    let remote = try connect(.url("http://127.0.0.1:\(server.port)")) {
      $0.breaker.backOffMin = .seconds(60)
      $0.breaker.backOffMax = .seconds(60)
    }
    for _ in 0..<3 { #expect(kind(try ask(remote, query())) == .badAnswer) }
    #expect(kind(try ask(remote, query())) == .open)
    remote.stop()
    server.stop()
  }

  @Test(
    arguments: [
      ("exact", nil, Trust.exact), ("degraded", "gap: events were lost.", .degraded(.gap)),
      ("mismatched", "blockSize: x", .mismatched(.blockSize)), ("lagging", "x", .lagging),
      ("degraded", "something new: x", nil), ("better", nil, nil),
    ] as [(String, String?, Trust?)])
  func `trust is read by its name and its reason`(
    _ name: String, _ reason: String?, _ trust: Trust?
  ) {
    var endpoint = RemoteScore.Endpoint()
    endpoint.trustName = name
    endpoint.reason = reason
    #expect(endpoint.trust == trust)
  }

  @Test(arguments: Trust.Degradation.allCases)
  func `every reason of the indexer's own is understood`(_ cause: Trust.Degradation) {
    var endpoint = RemoteScore.Endpoint()
    endpoint.trustName = Trust.degraded(cause).name
    endpoint.reason = Trust.degraded(cause).reason
    #expect(endpoint.trust == .degraded(cause))
  }
}

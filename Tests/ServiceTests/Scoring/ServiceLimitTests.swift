import Foundation
import Service
import Testing

/// The bounds of the whole service: who is let in, and how many.
@Suite(.serialized) struct ServiceLimitTests {
  /// A service that follows nothing and renders with a renderer that does not answer.
  private func busyService(
    _ adjust: (inout ServiceConfiguration) -> Void
  ) throws -> (ServiceHarness, FakeRenderer) {
    let renderer = try FakeRenderer()
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")]) {
      $0.rendering = RendererSettings(target: .fixed(renderer.endpoint("renderer")))
      adjust(&$0)
    }
    try Deadline.wait {
      try harness.get("/readyz").json["rendering"]?.array?.first?["status"]?.string == "ready"
    }
    renderer.behave(.slow)
    return (harness, renderer)
  }

  /// Fills the service with a request that waits for the renderer, and asks once more.
  private func refusal(
    _ adjust: (inout ServiceConfiguration) -> Void
  ) throws -> (ServiceHarness.Answer, metrics: String) {
    let (harness, renderer) = try busyService(adjust)
    let waiting = Arrivals<Int?>()
    let url = harness.url
    let thread = WorkerThread(name: "waiting") {
      let reply = Result {
        var client = try HTTPClient(.url(url))
        return try client.post(
          "/v1/score", body: Array(#"{"prompt": "waits", "deadline_ms": 20000}"#.utf8))
      }
      waiting.add((try? reply.get())?.status)
    }
    try Deadline.wait { try harness.metric("kvindexer_requests") == 1 }
    let answer = try harness.send("POST", "/v1/score", #"{"tokens": [1]}"#)
    let metrics = try harness.get("/metrics").reply.text
    renderer.behave(.right)
    #expect(waiting.next() == 200)
    thread.join()
    #expect(try harness.send("POST", "/v1/score", #"{"tokens": [1]}"#).status == 200)
    renderer.stop()
    return (answer, metrics)
  }

  @Test func `requests over the limit are refused, and those before them answered`() throws {
    let (answer, metrics) = try refusal { $0.admission.requestsMax = 1 }
    #expect(answer.status == 503)
    #expect(answer.type == "overloaded")
    #expect(answer.reply.header("retry-after") == "1")
    #expect(metrics.contains(#"kvindexer_requests_refused_total{cause="overloaded"} 1"#))
  }

  @Test func `one client's requests are limited by themselves`() throws {
    let (answer, metrics) = try refusal { $0.admission.requestsPerClientMax = 1 }
    #expect(answer.status == 429)
    #expect(answer.type == "too_many_requests")
    #expect(metrics.contains(#"kvindexer_requests_refused_total{cause="too_many_requests"} 1"#))
  }

  @Test func `an answer's default deadline is the service's`() throws {
    let (harness, renderer) = try busyService { $0.scoreDeadline = .milliseconds(50) }
    let start = MonotonicClock.nowNanoseconds()
    let answer = try harness.send("POST", "/v1/score", #"{"prompt": "waits"}"#)
    #expect(answer.tokensFrom == "estimated")
    // The renderer takes two seconds.
    #expect(MonotonicClock.nowNanoseconds() - start < 1_900_000_000)
    renderer.stop()
  }

  @Test func `a token is asked for over HTTP and gRPC, but not for health`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("# ours\nvery-secret-token-1\n", to: "tokens")
    let harness = try ServiceHarness {
      $0.tokenFile = directory.path + "/tokens"
      $0.grpcListen = [.tcp(host: "0.0.0.0", port: 0)]
    }
    #expect(try harness.get("/healthz").status == 200)
    let refused = try harness.get("/v1/endpoints")
    #expect(refused.status == 401)
    #expect(refused.type == "unauthorized")
    var client = try HTTPClient(
      .url(harness.url), security: HTTPClient.Security(bearerToken: "very-secret-token-1"))
    #expect(try client.get("/v1/endpoints").status == 200)
    guard case .tcp(_, let port) = harness.service.grpcAddresses[0] else { throw Deadline.Passed() }
    let connection = try GRPCClientConnection(.tcp(host: "127.0.0.1", port: port))
    #expect(
      try connection.unary("/kvindexer.v1.KVIndexer/Score", []).status.code == .unauthenticated)
    #expect(try connection.unary("/grpc.health.v1.Health/Check", []).status.code == .ok)
    // A file that turns bad is counted, and the last good token stays in force.
    try directory.write("short\n", to: "tokens")
    try Deadline.wait {
      try !client.get("/metrics").text.contains("kvindexer_security_files_rejected_total 0\n")
    }
    withExtendedLifetime(harness) {}
  }

  @Test func `a new certificate is served without a restart`() throws {
    let certificates = try TestCertificates()
    try certificates.make("first")
    try certificates.make("second")
    let harness = try ServiceHarness {
      $0.tls = TLSPaths(
        certificate: certificates.certificate("first"), key: certificates.key("first"))
    }
    guard case .tcp(_, let port) = harness.service.addresses[0] else { throw Deadline.Passed() }
    func status(trusting name: String) -> Int? {
      guard
        var client = try? HTTPClient(
          .url("https://127.0.0.1:\(port)"),
          security: HTTPClient.Security(authorityFile: certificates.certificate(name)))
      else { return nil }
      return (try? client.get("/healthz"))?.status
    }
    #expect(status(trusting: "first") == 200)
    #expect(status(trusting: "second") == nil)
    try certificates.replace("first", by: "second")
    try Deadline.wait { status(trusting: "second") == 200 }
    withExtendedLifetime(harness) {}
  }
}

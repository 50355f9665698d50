import COpenSSL
import EPPScorer
import Foundation
import Service
import Testing

@Suite struct EngineMetricsScraperTests {
  private let a = EndpointID(namespace: "default", name: "a")
  private let b = EndpointID(namespace: "default", name: "b")
  private let log = LogLines()

  private func scraper(
    _ change: (inout EngineMetricsScraper.Settings) -> Void = { _ in }
  ) throws -> EngineMetricsScraper {
    var settings = EngineMetricsScraper.Settings()
    settings.interval = .milliseconds(1)
    settings.intervalMax = .milliseconds(5)
    change(&settings)
    return try EngineMetricsScraper(settings: settings, log: Log { [log] in log.add($0) })
  }

  private func target(_ id: EndpointID, port: UInt16, scheme: String = "http") -> ScrapeTarget {
    var source = MetricsDataSource()
    source.scheme = scheme
    return ScrapeTarget(
      id: id, host: "127.0.0.1", port: port, source: source, engine: EngineMetrics.builtIn[0])
  }

  private func page(_ running: Int) -> String {
    "vllm:num_requests_running{engine=\"0\"} \(running)\n"
      + "vllm:cache_config_info{block_size=\"16\",num_gpu_blocks=\"100\"} 1\n"
  }

  private func wait(
    _ scraper: EngineMetricsScraper, _ id: EndpointID,
    _ isThere: (EngineSnapshot) -> Bool
  ) throws {
    let reading = try #require(scraper.reading(of: id))
    try Deadline.wait { isThere(reading.snapshot) }
  }

  private func lines(_ part: String) -> Int { log.all.count { $0.contains(part) } }

  @Test func `numbers follow the engine, and each endpoint has its own`() throws {
    let servers = try [MetricsServer(page(1)), MetricsServer(page(7))]
    let scraper = try scraper()
    defer {
      scraper.stop()
      for server in servers { server.stop() }
    }
    scraper.setEndpoints([target(a, port: servers[0].port), target(b, port: servers[1].port)])
    try wait(scraper, a) { $0.report.runningRequests == 1 && $0.health == .up }
    try wait(scraper, b) { $0.report.runningRequests == 7 }
    #expect(scraper.snapshot(b)?.report.blockCount == 100)
    servers[0].set(page(2))
    try wait(scraper, a) { $0.report.runningRequests == 2 }
    #expect(scraper.snapshot(b)?.report.runningRequests == 7)
    let now = MonotonicClock.nowNanoseconds()
    #expect(scraper.snapshot(a)?.age(at: now) != nil)
    #expect(scraper.metrics.reads[.read].value >= 3)
    #expect(scraper.healthCounts == ["up": 2])
  }

  @Test func `an engine that dies is down, keeps its last numbers, and comes back`() throws {
    let first = try MetricsServer(page(3))
    let port = first.port
    let scraper = try scraper()
    defer { scraper.stop() }
    scraper.setEndpoints([target(a, port: port)])
    try wait(scraper, a) { $0.health == .up }
    first.stop()
    scraper.noteFailure(a)
    try wait(scraper, a) { $0.health == .down(.unreachable) }
    #expect(scraper.snapshot(a)?.report.runningRequests == 3)
    try Deadline.wait { lines("endpoint default/a is down: ") == 1 }
    let second = try MetricsServer(page(4), port: port)
    defer { second.stop() }
    try wait(scraper, a) { $0.health == .up && $0.report.runningRequests == 4 }
    try Deadline.wait { lines("endpoint default/a is up again") == 1 }
  }

  @Test func `an engine that accepts and says nothing is down after three timeouts`() throws {
    let silent = try SilentServer()
    let scraper = try scraper { $0.timeout = .milliseconds(20) }
    scraper.setEndpoints([target(a, port: silent.port)])
    try wait(scraper, a) { $0.health == .down(.timedOut) }
    #expect(scraper.metrics.reads[.timedOut].value >= 3)
    scraper.stop()
  }

  @Test func `a silent engine does not hold up the others`() throws {
    let silent = try SilentServer()
    let server = try MetricsServer(page(0))
    let scraper = try scraper { $0.timeout = .seconds(30) }
    scraper.setEndpoints([target(a, port: silent.port), target(b, port: server.port)])
    for running in 1...20 {
      server.set(page(running))
      try wait(scraper, b) { $0.report.runningRequests == running }
    }
    #expect(scraper.snapshot(a)?.health == .unknown)
    scraper.stop()
    server.stop()
  }

  @Test(arguments: [
    ("", 404), ("<html>", 200), ("", 401), (String(repeating: "x", count: 2000), 200),
  ]) func `an engine without usable metrics is up, which is said once`(
    _ text: String, _ status: Int
  ) throws {
    let server = try MetricsServer(text, status: status)
    let scraper = try scraper { $0.pageBytesMax = 1000 }
    scraper.setEndpoints([target(a, port: server.port)])
    try wait(scraper, a) { $0.health == .up }
    try Deadline.wait { server.reads >= 5 }
    scraper.stop()
    server.stop()
    #expect(lines("its load is unknown") == 1)
    #expect(scraper.snapshot(a)?.readAt == nil)
  }

  @Test func `metrics may be elsewhere than the endpoint`() throws {
    var source = MetricsDataSource()
    let engine = EngineMetrics.builtIn[0]
    func server(_ address: MetricsAddress?) -> String {
      let target = ScrapeTarget(
        id: a, host: "::1", port: 8000, source: source, address: address, engine: engine)
      guard case .url(let base) = target.server else { return "" }
      return base + target.path
    }
    #expect(server(nil) == "http://[::1]:8000/metrics")
    source.port = 9000
    source.path = "/m"
    #expect(server(nil) == "http://[::1]:9000/m")
    #expect(
      server(MetricsAddress(scheme: "https", host: HostName("h"), port: 1, path: "/n"))
        == "https://h:1/n")
  }

  @Test func `a certificate is examined where that is asked for`() throws {
    let certificates = try TestCertificates()
    defer { withExtendedLifetime(certificates.directory) {} }
    try certificates.make("a")
    try certificates.make("b")
    let server = try MetricsServer(
      page(1),
      credentials: TLSCredentials(
        certificateChain: try certificates.bytes(certificates.certificate("a")),
        privateKey: try certificates.bytes(certificates.key("a"))))
    defer { server.stop() }
    for (authority, isGood) in [("a", true), ("b", false), (nil, true)] {
      var source = MetricsDataSource()
      source.insecureSkipVerify = authority == nil
      source.caFile = authority.map { certificates.certificate($0) }
      let scraper = try EngineMetricsScraper(
        settings: .init(source), log: Log { [log] in log.add($0) })
      scraper.setEndpoints([target(a, port: server.port, scheme: "https")])
      if isGood {
        try wait(scraper, a) { $0.report.runningRequests == 1 }
      } else {
        try Deadline.wait { lines("its load is unknown") == 1 }
        #expect(scraper.snapshot(a)?.health == .unknown)
      }
      scraper.stop()
    }
  }

  @Test func `a client certificate is shown to engines that ask for one`() throws {
    let certificates = try TestCertificates()
    defer { withExtendedLifetime(certificates.directory) {} }
    try certificates.make("server")
    try certificates.make("client")
    let context = try #require(SSL_CTX_new(TLS_server_method()))
    defer { SSL_CTX_free(context) }
    let names = (certificates.certificate("server"), certificates.key("server"))
    try #require(SSL_CTX_use_certificate_chain_file(context, names.0) == 1)
    try #require(SSL_CTX_use_PrivateKey_file(context, names.1, SSL_FILETYPE_PEM) == 1)
    let trusted = certificates.certificate("client")
    try #require(SSL_CTX_load_verify_locations(context, trusted, nil) == 1)
    // Sessions that are taken up again would need a context of their own.
    try #require(SSL_CTX_set_session_id_context(context, [1], 1) == 1)
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    nonisolated(unsafe) let shared = context
    let text = ConnectionServer.answer(page(5))
    let server = try ConnectionServer { descriptor in
      guard let tls = SSL_new(shared) else { return }
      defer { SSL_free(tls) }
      SSL_set_fd(tls, descriptor)
      guard SSL_accept(tls) == 1 else { return }
      let read: () -> [UInt8] = {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = SSL_read(tls, &buffer, 4096)
        return Array(buffer.prefix(Int(max(0, count))))
      }
      while ConnectionServer.request(read) != nil {
        _ = text.withCString { SSL_write(tls, $0, Int32(text.utf8.count)) }
      }
    }
    var source = MetricsDataSource()
    source.clientCertificateFile = certificates.certificate("client")
    source.clientKeyFile = certificates.key("client")
    let scraper = try EngineMetricsScraper(
      settings: .init(source), log: Log { [log] in log.add($0) })
    scraper.setEndpoints([target(a, port: server.port, scheme: "https")])
    try wait(scraper, a) { $0.report.runningRequests == 5 }
    scraper.stop()
    server.stop()
  }

  @Test func `endpoints come and go while they are read`() throws {
    let servers = try (0..<4).map { try MetricsServer(page($0)) }
    let scraper = try scraper()
    for round in 0..<50 {
      let targets = (0..<4).filter { (round >> ($0 % 3)) & 1 == $0 & 1 }.map { index in
        target(
          EndpointID(namespace: "n", name: "\(index)"),
          port: servers[(index + round / 10) % 4].port)
      }
      scraper.setEndpoints(targets)
      for target in targets { try wait(scraper, target.id) { $0.readAt != nil } }
    }
    scraper.setEndpoints([])
    #expect(scraper.snapshot(EndpointID(namespace: "n", name: "0")) == nil)
    scraper.stop()
    for server in servers { server.stop() }
  }
}

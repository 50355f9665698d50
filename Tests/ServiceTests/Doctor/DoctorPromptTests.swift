import KVIndexer
import Service
import Testing

/// What an examination finds about rendering, usage and salts, and about servers that are not there.
@Suite struct DoctorPromptTests {
  @Test func `render endpoints that are off are a fault, unless nobody renders`() throws {
    let harness = try DoctorHarness { $0.renders = false }
    defer { harness.stop() }
    let found = try harness.examine()
    #expect(found.codes == ["render:render_disabled"] && found.verdict == .fault)
    #expect(found[.render]?.problems.first?.mend.contains("--enable-scale-out") == true)
    #expect(found.verdicts(.probe) == [.ok])
    let without = try harness.examine { $0.rendering = .off }
    #expect(without.codes == [] && without.verdicts(.render) == [.skipped])
  }

  @Test(arguments: [true, false])
  func `a renderer of another vocabulary disagrees`(sendsProbes: Bool) throws {
    let harness = try DoctorHarness()
    let other = try DoctorHarness(vocabulary: 1_000)
    defer {
      harness.stop()
      other.stop()
    }
    let found = try harness.examine {
      $0.rendering = .server(.url(other.server.url))
      $0.sendsProbes = sendsProbes
    }
    #expect(Set(found.codes) == ["render:render_disagrees"])
    #expect(found.verdicts(.probe) == [sendsProbes ? .ok : .skipped])
  }

  @Test func `responses that do not tell cached tokens are a warning`() throws {
    let harness = try DoctorHarness { $0.tellsCachedTokens = false }
    defer { harness.stop() }
    let found = try harness.examine()
    #expect(found.codes == ["usage:no_cached_tokens"] && found.verdict == .warning)
    #expect(found.verdicts(.probe, .salt) == [.skipped, .skipped])
  }

  @Test func `an engine that ignores salts is found`() throws {
    let harness = try DoctorHarness { $0.honoursSalt = false }
    defer { harness.stop() }
    #expect(try harness.examine().codes == ["salt:salt_ignored"])
  }

  @Test func `another model is a fault, and the engine is examined all the same`() throws {
    let harness = try DoctorHarness(name: "llama")
    defer { harness.stop() }
    let found = try harness.examine(harness.entry(model: "qwen"))
    #expect(found.codes == ["reach:other_model"] && found.verdicts(.probe) == [.ok])
    #expect(found[.reach]?.problems.first?.mend.contains("`model: llama`") == true)
  }

  @Test func `without probes nothing is sent`() throws {
    let harness = try DoctorHarness()
    defer { harness.stop() }
    let found = try harness.examine { $0.sendsProbes = false }
    #expect(found.codes == [] && found.verdict == .ok)
    #expect(
      found.verdicts(.events, .replay, .render, .usage, .probe, .salt)
        == [.ok, .ok, .ok, .skipped, .skipped, .skipped])
    #expect(harness.server.status.events.batches == 0)
  }

  @Test func `a server that is not there, or is none, is said to be so`() throws {
    let closed = try DoctorHarness()
    closed.stop()
    let harness = try DoctorHarness()
    defer { harness.stop() }
    let eventPort = String(harness.events.split(separator: ":").last ?? "")
    let report = try DoctorHarness.examine(
      [
        closed.entry(), harness.entry(name: "b", port: eventPort),
        "- {name: c, address: no-such-host.invalid, port: 8000, kvEvents: {ranks: 0}}\n",
      ], timeout: DoctorHarness.impatience)
    #expect(report.verdict == .fault)
    // Once, and not of each port of an engine that is not there.
    #expect(report.endpoints[0].codes == ["reach:unreachable"])
    #expect(report.endpoints[0].verdicts(.events, .replay) == [.skipped, .skipped])
    #expect(report.endpoints[1].codes.first == "reach:not_an_engine")
    #expect(report.endpoints[1].verdicts(.events, .replay) == [.ok, .ok])
    #expect(report.endpoints[2].codes.first == "reach:unresolved")
    #expect(report.endpoints[2].verdicts(.probe, .render) == [.skipped, .skipped])
  }

  @Test func `a running indexer is asked for its endpoints, its trust and its predictions`() throws
  {
    let harness = try DoctorHarness(name: "sim")
    let closed = try DoctorHarness()
    let mislabelled = try DoctorHarness(name: "sim")
    closed.stop()
    defer {
      harness.stop()
      mislabelled.stop()
    }
    let service = try ServiceHarness([
      harness.entry(), closed.entry(name: "b", hasReplay: false),
      mislabelled.entry(name: "c", model: "blue"),
    ])
    defer { service.service.stop() }
    try Deadline.wait { try service.source()?["trust"]?.string == "exact" }
    try Deadline.wait { try service.source("c")?["trust"]?.string == "mismatched" }
    let report = try DoctorHarness.examine([], timeout: .seconds(5)) {
      $0.witness = DoctorSettings.Witness(
        server: .url(service.url), security: HTTPClient.Security())
    }
    #expect(report.endpoints.map(\.endpoint) == ["a", "b", "c"])
    #expect(report.endpoints[0].codes == [])
    #expect(report.endpoints[0].verdicts(.service, .probe) == [.ok, .ok])
    #expect(report.endpoints[0][.probe]?.note.contains("the indexer says 192, too") == true)
    // What can't be reached from here need not be wrong; what the indexer says of it is.
    #expect(report.endpoints[1].verdicts(.reach, .service) == [.warning, .fault])
    // The state is told where it belongs, and not once more as a wrong prediction.
    #expect(report.endpoints[2].codes == ["reach:other_model", "service:not_exact"])
    #expect(report.endpoints[2][.probe]?.note.hasPrefix("the indexer says 0 (mismatched)") == true)
    let told = try #require(report.endpoints[2][.service]?.problems.first)
    #expect(told.found == "The indexer says of rank 0: mismatched (model).")
    #expect(told.matters.contains("the engine serves 'sim'"))
  }

  @Test func `an indexer that can't be asked is said to be the one`() throws {
    let closed = try DoctorHarness()
    closed.stop()
    let error = #expect(throws: (any Error).self) {
      try DoctorHarness.examine([]) {
        $0.witness = DoctorSettings.Witness(
          server: .url(closed.server.url), security: HTTPClient.Security())
      }
    }
    #expect(error.map { "\($0)".hasPrefix("the indexer can't be asked: ") } == true)
  }

  @Test func `a stop ends what waits`() throws {
    let silent = try SilentServer()
    var settings = DoctorSettings()
    settings.timeout = .seconds(600)
    let doctor = try Doctor(settings)
    let text = "endpoints: [{address: 127.0.0.1, port: \(silent.port), kvEvents: {ranks: 0}}]"
    doctor.start(try EndpointsFile(parsing: Array(text.utf8), file: "test").endpoints)
    doctor.stop()
    #expect(!doctor.report.isComplete && doctor.report.endpoints[0].findings.isEmpty)
  }
}

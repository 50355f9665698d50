import KVIndexer
import Service
import Testing

/// What an examination makes of engines that answer and serve nothing.
@Suite struct DoctorRefusalTests {
  @Test func `an engine that sleeps is told of, and not probed until it is awake`() throws {
    let harness = try DoctorHarness()
    defer { harness.stop() }
    var client = try HTTPClient(.url(harness.server.url))
    #expect(try client.post("/sleep", body: []).status == 200)
    let asleep = try harness.examine()
    #expect(asleep.codes == ["reach:asleep"] && asleep.verdict == .warning)
    #expect(asleep.verdicts(.events, .replay, .render) == [.ok, .ok, .ok])
    for step in [DoctorStep.usage, .probe, .salt, .lora] {
      #expect(asleep[step]?.isSkipped == true && asleep[step]?.note == "the engine sleeps")
    }
    #expect(harness.server.status.events.batches == 0)
    #expect(try client.post("/wake_up", body: []).status == 200)
    #expect(try harness.examine().codes == [])
  }

  @Test func `a pause that only one path tells of is found, too`() throws {
    // Every path answers the same: what is asked for is taken from it.
    let engine = try MetricsServer(#"{"data": [{"id": "m"}], "is_sleeping": true}"#)
    defer { engine.stop() }
    let found = try examine(engine) { $0.rendering = .off }
    #expect(found.codes == ["reach:asleep"])
  }

  @Test(arguments: [nil, "secret"])
  func `an engine that asks for a key says so in every step that needs it`(
    _ key: String?
  ) throws {
    let engine = try MetricsServer(#"{"error": "Unauthorized"}"#, status: 401)
    defer { engine.stop() }
    let found = try examine(engine) { $0.engineSecurity.bearerToken = key }
    #expect(found.codes == ["reach:unauthorized"])
    #expect(
      found[.reach]?.problems.first?.found
        == (key == nil
          ? "The engine asks for an API key (401)." : "The engine does not take the API key (401).")
    )
    for step in [DoctorStep.announced, .render, .probe] {
      #expect(found[step]?.note == "the engine asks for an API key")
    }
  }

  private func examine(
    _ engine: MetricsServer, _ adjust: (inout DoctorSettings) -> Void
  ) throws -> EndpointExamination {
    let entry = "- {name: a, address: 127.0.0.1, port: \(engine.port), kvEvents: {ranks: 0}}\n"
    return try DoctorHarness.examine([entry], adjust).endpoints[0]
  }
}

import Foundation
import KVIndexer
import Service
import Simulation
import Testing

/// Simulated servers that generate and render, and a service that follows and asks them.
final class RenderedFleet {
  let servers: [SimulatedServer]
  let harness: ServiceHarness

  init(
    _ count: Int = 2, model: String = "simulated",
    _ adjust: (inout ServiceConfiguration) -> Void = { _ in }
  ) throws {
    servers = try Self.servers(count, model: model)
    harness = try ServiceHarness(servers.enumerated().map { Self.entry($0, $1) }) {
      // A busy machine has plenty of time, where no test is about it.
      var rendering = RendererSettings(target: .endpoints)
      rendering.probeTimeout = .seconds(20)
      $0.rendering = rendering
      $0.scoreDeadline = .seconds(20)
      adjust(&$0)
    }
  }

  /// Servers that take no time.
  static func servers(_ count: Int, model: String = "simulated") throws -> [SimulatedServer] {
    try (0..<count).map { _ in
      var configuration = SimulatedServerConfiguration(
        engine: EngineConfiguration(blockCount: 513))
      configuration.stepTime.base = .zero
      configuration.stepTime.perToken = .zero
      configuration.model = model
      return try SimulatedServer(configuration, log: { _ in })
    }
  }

  /// The entry of an endpoints file.
  static func entry(_ number: Int, _ server: SimulatedServer) -> String {
    let port = server.url.split(separator: ":").last ?? ""
    return """
      - name: s\(number)
        address: 127.0.0.1
        port: \(port)
        model: \(server.configuration.model)
        kvEvents:
          endpoint: \(server.configuration.eventEndpoint)
          replayEndpoint: \(server.configuration.replayEndpoint ?? "")

      """
  }

  /// Sends a request to a server; the answer's `cached_tokens`.
  func generate(_ path: String, _ body: String, on server: Int) throws -> Int {
    var client = try HTTPClient(.url(servers[server].url))
    let answer = try ServiceHarness.answer(client.post(path, body: Array(body.utf8)))
    #expect(answer.status == 200, "\(answer.message)")
    return answer.json["usage"]?["prompt_tokens_details"]?["cached_tokens"]?.integer ?? -1
  }

  /// Waits until the service has applied all that the servers have published.
  func settle() throws {
    for (number, server) in servers.enumerated() {
      let published = server.status.events
      try Deadline.wait {
        let counters = try harness.source("s\(number)")?["counters"]
        let stored = counters?["stored_blocks"]?.integer ?? 0
        let removed = counters?["removed_blocks"]?.integer ?? 0
        let trust = try harness.source("s\(number)")?["trust"]?.string
        return trust == "exact" && stored == published.blocksStored
          && removed == published.blocksRemoved
      }
    }
  }

  func score(_ body: String) throws -> ServiceHarness.Answer {
    try harness.send("POST", "/v1/score", body)
  }
}

extension ServiceHarness.Answer {
  /// `matched_tokens` by endpoint.
  var matched: [String: Int] {
    Dictionary(
      (json["endpoints"]?.array ?? []).compactMap { entry in
        guard let name = entry["endpoint"]?.string else { return nil }
        return (name, entry["matched_tokens"]?.integer ?? -1)
      }, uniquingKeysWith: { first, _ in first })
  }

  var tokensFrom: String? { json["tokens_from"]?.string }
}

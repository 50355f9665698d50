import Testing
import Tokenize

@testable import Service

/// Simulated servers, and a picker that follows them.
final class PickerFleet {
  let servers: [SimulatedServer]
  let harness: PickerHarness

  init(
    _ count: Int = 2, _ plan: String = Plans.precise(), readsEngines: Bool = false,
    _ adjust: (inout PickerFlags) -> Void = { _ in }
  ) throws {
    servers = try RenderedFleet.servers(count)
    harness = try PickerHarness(
      servers.enumerated().map { RenderedFleet.entry($0, $1) }, plan, readsEngines: readsEngines,
      adjust)
    try settle()
  }

  func address(_ server: Int) -> String { "\(servers[server].configuration.address)" }

  /// Has an endpoint generate; what it says of the tokens.
  @discardableResult
  func generate(_ path: String, _ body: String, at address: String) throws -> TokenUsage {
    var client = try HTTPClient(.url("http://\(address)"))
    let answer = try ServiceHarness.answer(client.post(path, body: Array(body.utf8)))
    #expect(answer.status == 200, "\(answer.message)")
    let usage = answer.json["usage"]
    return TokenUsage(
      promptTokens: usage?["prompt_tokens"]?.integer,
      completionTokens: usage?["completion_tokens"]?.integer,
      cachedTokens: usage?["prompt_tokens_details"]?["cached_tokens"]?.integer)
  }

  /// Routes a request, has it served where it goes, and waits for the events.
  ///
  /// - Parameter servedAs: What the simulated server is asked in its place.
  @discardableResult
  func serve(
    _ path: String, _ body: String, servedAs: (path: String, body: String)? = nil
  ) throws -> (route: Route, usage: TokenUsage) {
    let route = try harness.route(body, path: path)
    let usage = try generate(
      servedAs?.path ?? path, servedAs?.body ?? body, at: route.destination)
    route.complete(usage: usage)
    try settle()
    return (route, usage)
  }

  /// Waits until the picker has applied all that the servers have published.
  func settle() throws {
    for (number, server) in servers.enumerated() {
      let published = server.status.events.blocksStored
      try harness.wait(forBlocks: published, of: "s\(number)")
    }
  }
}

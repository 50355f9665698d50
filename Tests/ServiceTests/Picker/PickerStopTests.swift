import EPPScorer
import Testing
import Tokenize

@testable import Service

/// Many requests at once, and a stop among them.
@Suite(.serialized) struct PickerStopTests {
  @Test func `a stop answers the requests that wait for their tokens`() throws {
    let renderer = try FakeRenderer()
    let harness = try PickerHarness(
      PickerHarness.silent(["a", "b"]),
      Plans.precise(tokens: "modelName: m, vllm: {url: 'http://\(renderer.address)'}"))
    try Deadline.wait { try harness.route(Plans.text(0)).basis == "approximate: no_events" }
    renderer.behave(.slow)
    let decisions = (1...8).map { number in
      let decision = AwaitedDirection()
      harness.director.direct(PickerHarness.request(Plans.text(number))) { decision.take($0) }
      return decision
    }
    try Deadline.wait { renderer.bodies.count > 1 }
    harness.service.stop()
    for decision in decisions {
      guard case .route = try decision.wait() else {
        Issue.record("refused")
        continue
      }
    }
    renderer.stop()
    #expect(decisions.map(\.count) == Array(repeating: 1, count: 8))
  }

  @Test func `who watches its health hears of the stop before it`() throws {
    let harness = try PickerHarness(PickerHarness.silent(["a"]))
    let watch = try RawHTTP2(harness.service.healthAddresses[0])
    watch.writeHeaders(stream: 1, path: "/grpc.health.v1.Health/Watch")
    watch.writeMessage(stream: 1, [])
    watch.flush()
    #expect(watch.read { $0.isKind(.data) }?.payload == [0, 0, 0, 0, 2, 8, 1])
    let stop = WorkerThread(name: "stop") { [service = harness.service] in service.stop() }
    #expect(watch.read { $0.isKind(.data) }?.payload == [0, 0, 0, 0, 2, 8, 2])
    watch.close()
    stop.join()
  }

  @Test func `its health waits for the index where that was asked for`() throws {
    let engine = try PublishedEngine()
    let entry = engine.entry("a")
    engine.publisher.stop()
    let harness = try PickerHarness([entry], Plans.precise(tokens: "estimate: {}")) {
      $0.readyShare = 1
    }
    let watch = try RawHTTP2(harness.service.healthAddresses[0])
    watch.writeHeaders(stream: 1, path: "/grpc.health.v1.Health/Watch")
    watch.writeMessage(stream: 1, [])
    watch.flush()
    #expect(watch.read { $0.isKind(.data) }?.payload == [0, 0, 0, 0, 2, 8, 2])
    let back = try PublishedEngine(like: engine)
    defer { back.publisher.stop() }
    back.store(1..<2)
    #expect(watch.read { $0.isKind(.data) }?.payload == [0, 0, 0, 0, 2, 8, 1])
    watch.close()
  }

  @Test(arguments: TestSeeds.upTo(2))
  func `what many threads send is accounted for in the end`(_ seed: UInt64) throws {
    let engine = try PublishedEngine()
    defer { engine.publisher.stop() }
    let harness = try PickerHarness(
      [engine.entry("a", port: 1001)]
        + PickerHarness.silent(["b", "c"]).map {
          $0.replacing("port: 100", with: "port: 200")
        }, Plans.precise(tokens: "estimate: {}", producer: Plans.speculative))
    engine.store(1..<2)
    try harness.wait(forBlocks: 4, of: "a")
    let director = harness.director
    let threads = (0..<4).map { thread in
      WorkerThread(name: "client") {
        var random = RandomStream(seed: seed &* 16 &+ UInt64(thread))
        for _ in 0..<60 { Self.send(to: director, &random) }
      }
    }
    engine.store(2..<6)
    for thread in threads { thread.join() }
    #expect(harness.inFlight == Array(repeating: InFlightLoad(), count: 3))
    #expect(harness.reservations == 0)
    #expect(try harness.metric(#"kvindexer_epp_requests_total{end="aborted"}"#) == 240)
  }

  /// Sends a request that fails in one of several ways, each of which takes everything back.
  private static func send(to director: Director, _ random: inout RandomStream) {
    let number = random.below(8)
    let body = random.below(2) == 0 ? Plans.text(number) : Plans.tokens(number)
    let end = random.below(3)
    director.direct(PickerHarness.request(body)) { direction in
      guard case .route(let route) = direction else { return }
      let finish: @Sendable () -> Void = {
        if end > 0 { route.exchange.responseBegan(status: 500) }
        if end > 1 { route.exchange.responseBodyBegan() }
        route.exchange.ended(.aborted)
      }
      // The end may come while the request is still being booked, or from another thread.
      if number % 2 == 0 { finish() } else { WorkerThread(name: "end", finish).join() }
    }
  }
}

import Foundation
import Service
import Testing

@Suite(
  .enabled(if: Envoy.isInstalled, "there is no Envoy: run scripts/envoy/setup.sh"), .serialized)
struct EnvoyLoadTests {
  @Test func `64 clients at once are all served, whichever endpoint they go to`() throws {
    let (clients, rounds) = (64, 50)
    let backends = try [Backend(), Backend()]
    let addresses = backends.map(\.address)
    let director = StubDirector { request, exchange in
      let index = request.body.count % 2
      return .route(Route(destination: addresses[index], exchange: exchange))
    }
    let harness = try EnvoyHarness(director, ["--workers", "2"])
    let served = Counter()
    let threads = (0..<clients).map { number in
      WorkerThread(name: "client") { [port = harness.envoy.port] in
        do {
          var limits = HTTPClient.Limits()
          limits.totalTimeout = .seconds(60)
          var client = try HTTPClient(.url("http://127.0.0.1:\(port)"), limits: limits)
          for round in 0..<rounds {
            let size = (number * 977 + round * 3301) % 70_000
            let reply = try client.post(
              "/v1/completions", body: [UInt8](repeating: 9, count: size))
            guard reply.status == 200, reply.text.contains(#""body_bytes":\#(size),"#) else {
              Issue.record("\(reply.status): \(reply.text)")
              continue
            }
            served.add()
          }
        } catch {
          Issue.record(error)
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(served.value == clients * rounds)
    for (index, backend) in backends.enumerated() {
      #expect(backend.requests.allSatisfy { $0.body.count % 2 == index })
    }
    for exchange in director.exchanges {
      guard case .completed(let summary) = try exchange.end() else {
        Issue.record("\(exchange.events)")
        continue
      }
      #expect(summary.usage?.cachedTokens == 1024)
    }
    harness.stop()
    #expect(harness.metrics.streams[.completed].value == clients * rounds)
    #expect(harness.metrics.streamsInFlight == 0)
    #expect(harness.processor.heldBytes == 0)
  }

  @Test func `a picker that was started again is found`() throws {
    let backend = try Backend()
    let harness = try EnvoyHarness(StubDirector(to: backend.address))
    #expect(try harness.post().status == 200)
    try harness.restart()
    // The first requests may still meet the connection that was lost.
    try Deadline.wait { try harness.post().status == 200 }
    harness.stop()
  }
}

import KVIndexer
import Service

/// A sibling that starts: from its request over HTTP until its index holds what the other one has.
enum SnapshotPeerBenchmark {
  private static let endpoints = 8

  static func run(_ scale: Scale, _ report: inout Report) throws {
    var shape = Forest.Shape()
    shape.lanes = endpoints
    shape.residencies = scale.size(1_000_000, smoke: 20_000)
    shape.seed = scale.seed
    report.begin("snapshot peer", shape.text + ", one service asks another over loopback")
    let forest = Forest(shape)
    let fixture = try ServiceFixture(
      endpoints: endpoints, listen: [.tcp(host: "127.0.0.1", port: 0)],
      history: forest.stores.map {
        (source: $0.lane, bytes: EngineMessages.stored(forest.chains[$0.chain], $0.range))
      })
    defer { fixture.stop() }
    let isReady = fixture.wait { ServiceFixture.isExact($0) && $0.index.residencies > 0 }
    report.check(isReady, "the service does not follow its sources")
    guard isReady, let address = fixture.service.addresses.first,
      let server = HTTPClient.Server("http://\(address)")
    else { return }
    let held = fixture.service.fleet.read { $0.index.residencies }
    var times: [Double] = []
    for _ in 0..<scale.rounds {
      let start = MonotonicClock.nowNanoseconds()
      let file = try PeerSnapshots.fetch(PeerConfiguration(server: server))
      let restored = try FleetIndex.restored(
        from: file.reader(), hasher: fixture.service.fleet.hasher, byteBudget: 2 << 30, now: start)
      times.append(Double(MonotonicClock.nowNanoseconds() - start))
      let found = restored.index.residencies
      report.check(found == held, "\(found) residencies come over, not \(held)")
    }
    let memory = try ProcessStatistics.residentBytesAdded {
      _ = try PeerSnapshots.fetch(PeerConfiguration(server: server))
    }
    report.row("memory of both for the transfer, at most", Double(memory) / 1e6, unit: "MB")
    report.row("asked → restored, \(held) residencies", Samples(times), unit: "ms", scale: 1e6)
  }
}

import Foundation
import KVIndexer
import Testing

@testable import Service

@Suite struct OverviewTests {
  /// An overview of a fleet whose clock the test moves.
  private final class Clocked: @unchecked Sendable {
    private let lock = Lock()
    private var second = 0
    let fleet: SampledFleet
    let traffic: ShadowFigures?

    init(_ fleet: SampledFleet, traffic: ShadowFigures? = nil) {
      self.fleet = fleet
      self.traffic = traffic
    }

    private func sample() -> FleetSample {
      let second = lock.withLock { self.second }
      return fleet.sample(second: second, blocks: 7, traffic: traffic)
    }

    lazy var overview = Overview(
      sample: { self.sample() }, indexBytesMax: 1 << 30, routes: { true })

    func pass(_ seconds: Int) {
      for _ in 0..<seconds {
        let now = lock.withLock {
          second += 1
          return UInt64(second) * 1_000_000_000
        }
        overview.tick(now: now)
        overview.tick(now: now + 1)
      }
    }

    var json: RecordedJSON {
      get throws {
        try JSONDecoder().decode(RecordedJSON.self, from: Data(overview.json()))
      }
    }
  }

  private static func row(_ json: RecordedJSON, _ index: Int) throws -> [String: RecordedJSON] {
    let columns = try #require(json["endpoint_columns"]?.array).compactMap(\.string)
    let row = try #require(json["endpoints"]?.array?[index].array)
    return Dictionary(uniqueKeysWithValues: zip(columns, row))
  }

  @Test func `500 endpoints with ten minutes of past take at most 100 KB`() throws {
    var traffic = ShadowFigures()
    traffic.requests = 1_234_567
    traffic.promptTokens = 9_876_543_210
    traffic.deliveredTokens = 8_765_432_109
    let clocked = Clocked(try SampledFleet(500), traffic: traffic)
    clocked.pass(900)
    let json = try clocked.json
    #expect(json["endpoints"]?.array?.count == 500)
    #expect(json["points"]?.array?.count == 300)
    #expect(clocked.overview.json().count <= 100_000)
  }

  @Test func `an endpoint's row has its numbers, and rates of the last seconds`() throws {
    let clocked = Clocked(try SampledFleet(2))
    clocked.pass(20)
    let json = try clocked.json
    let row = try Self.row(json, 1)
    #expect(row["endpoint"]?.string == "engine-1")
    #expect(row["trust"]?.string == "exact")
    #expect(row["reason"] == .null)
    #expect(row["tiers"] == .array([.number(100_000), .number(250_000)]))
    // Less the block that no request gets.
    #expect(row["capacity_blocks"]?.integer == 120_000)
    #expect(row["stored_per_s"]?.integer == 7)
    #expect(row["last_event_s"]?.integer == 0)
    #expect(row["requests"] == .null)
    #expect(json["totals"]?["stored_per_s"]?.integer == 14)
    #expect(json["totals"]?["trust"]?["exact"]?.integer == 2)
    #expect(json["traffic"]?["requests"]?.integer == 0)
    #expect(json["routes"] == .bool(true))
  }

  @Test func `a sentence that many endpoints share is told once`() throws {
    let fleet = try SampledFleet(500)
    let sample = fleet.sample(second: 1, trust: .degraded(.gap))
    let overview = Overview(sample: { sample }, indexBytesMax: 1, routes: { false })
    let bytes = overview.json()
    #expect(bytes.count <= 100_000)
    let json = try JSONDecoder().decode(RecordedJSON.self, from: Data(bytes))
    #expect(json["reasons"]?.array?.count == 1)
    #expect(try Self.row(json, 499)["reason"]?.integer == 0)
  }

  @Test func `nobody is listed before there are endpoints`() throws {
    let clocked = Clocked(try SampledFleet(0))
    #expect(try clocked.json["endpoints"] == .array([]))
    clocked.pass(3)
    #expect(try clocked.json["totals"]?["endpoints"]?.integer == 0)
  }

  @Test func `a point tells what happened between two samples`() throws {
    let fleet = try SampledFleet(3)
    var before = ShadowFigures()
    before.promptTokens = 1_000
    before.precise.predictedTokens = 800
    var after = before
    after.promptTokens += 500
    after.precise.predictedTokens += 400
    let point = OverviewPoint(
      from: fleet.sample(second: 10, blocks: 4, traffic: before),
      to: fleet.sample(second: 12, blocks: 4, traffic: after))
    #expect(point.storedPerSecond == 12)
    #expect(point.traffic.promptTokens == 500)
    #expect(point.traffic.precise.predictedTokens == 400)
    #expect(point.lagSeconds == nil)
    // An endpoint that left took its counts with it.
    let fewer = OverviewPoint(
      from: fleet.sample(second: 10, blocks: 4),
      to: try SampledFleet(1).sample(second: 12, blocks: 4))
    #expect(fewer.storedPerSecond == 0)
  }

  @Test func `a quantile counts only what came since`() throws {
    let histogram = Histogram(bounds: [1, 2, 4])
    for _ in 0..<100 { histogram.observe(0.5) }
    let earlier = histogram.snapshot()
    #expect(histogram.snapshot().quantile(0.5, since: earlier) == nil)
    for _ in 0..<10 { histogram.observe(3) }
    #expect(histogram.snapshot().quantile(0.5, since: earlier) == 3)
    #expect(histogram.snapshot().quantile(1, since: earlier) == 4)
    for _ in 0..<10 { histogram.observe(9) }
    #expect(histogram.snapshot().quantile(0.99, since: earlier) == 4)
  }
}

import KVIndexer
import Service
import Testing

/// What an examination finds about an endpoint with two data-parallel ranks.
@Suite struct DoctorRankTests {
  private func examine(
    _ endpoint: EndpointConfiguration, timeout: Duration = DoctorHarness.patience
  ) throws -> EndpointExamination {
    try DoctorHarness.examine([endpoint], timeout: timeout).endpoints[0]
  }

  @Test func `each rank is sent prompts of its own`() throws {
    let dp = try RankedEndpoint()
    defer { dp.stop() }
    let found = try examine(dp.configuration())
    #expect(found.codes == [])
    #expect(
      found[.probe]?.note == "rank 0: 192 of 200 tokens predicted and delivered; "
        + "rank 1: 192 of 200 tokens predicted and delivered")
    #expect(dp.ranks.map { $0.server.status.events.batches > 0 } == [true, true])
  }

  @Test func `a rank whose events do not flow is named, and the other one is examined`() throws {
    let dp = try RankedEndpoint { rank, features in features.publishesEvents = rank == 0 }
    defer { dp.stop() }
    let found = try examine(dp.configuration(), timeout: DoctorHarness.impatience)
    #expect(found.codes == ["events:no_events"])
    #expect(found[.events]?.problems.first?.found.hasPrefix("Rank 1: ") == true)
    #expect(found.verdicts(.probe, .salt) == [.ok, .ok])
  }

  @Test func `a rank that is not connected keeps nobody from the other one`() throws {
    let dp = try RankedEndpoint()
    let closed = try DoctorHarness()
    defer { dp.stop() }
    closed.stop()
    let found = try examine(
      dp.configuration(events: [0: closed.events]), timeout: DoctorHarness.impatience)
    #expect(found.codes == ["events:not_connected"])
    #expect(found[.events]?.problems.first?.found.hasPrefix("Rank 0: ") == true)
    #expect(found[.probe]?.note == "rank 1: 192 of 200 tokens predicted and delivered")
  }

  @Test func `where ranks can't be chosen no rank is blamed for what another delivers`() throws {
    let dp = try RankedEndpoint(.inTurn)
    defer { dp.stop() }
    let found = try examine(dp.configuration())
    #expect(found.codes == ["events:other_rank"] && found.verdict == .warning)
    #expect(found[.events]?.problems.first?.found.contains("not known") == false)
    #expect(found.verdicts(.usage, .probe, .salt) == [.ok, .ok, .ok])
  }

  @Test func `a rank that no prompt reaches is not said to be right`() throws {
    let dp = try RankedEndpoint(.firstOnly)
    defer { dp.stop() }
    let found = try examine(dp.configuration())
    #expect(found.codes == ["events:other_rank"])
    #expect(found[.events]?.problems.first?.found.contains("Nothing came of rank 1") == true)
  }

  @Test func `exchanged event ports are told`() throws {
    let dp = try RankedEndpoint()
    defer { dp.stop() }
    let found = try examine(dp.configuration(order: [1, 0]))
    #expect(found.codes == ["events:other_rank"])
    #expect(found[.events]?.problems.first?.mend.contains("exchanged") == true)
  }
}

import Testing

@testable import Simulation

@Suite struct WorkloadTests {
  private static let fleet = Scenario(engines: 4, capacityBlocks: 800)

  private func ceiling(_ trace: Trace) -> Double {
    Ceilings(trace, capacity: Self.fleet.totalCapacity).workload
  }

  @Test(arguments: Workload.allCases)
  func `A seed gives one trace, and another seed another one`(workload: Workload) {
    let trace = workload.trace(seed: 1, fleet: Self.fleet)
    let again = workload.trace(seed: 1, fleet: Self.fleet)
    let other = workload.trace(seed: 2, fleet: Self.fleet)
    #expect(trace.requests == again.requests && trace.ids == again.ids)
    #expect(trace.requests != other.requests)
    #expect(trace.name == workload.rawValue)
  }

  @Test(arguments: Workload.allCases)
  func `Every started block of a prompt has an id that names its whole prefix`(
    workload: Workload
  ) throws {
    let trace = workload.trace(seed: 3, fleet: Self.fleet)
    for request in trace.requests {
      #expect(request.blocks.count == (request.promptTokens + 511) / 512)
    }
    // The reader refuses ids that follow different ones.
    let read = try trace.jsonLines.withUnsafeBytes {
      try TraceReader.read($0, file: "t", blockTokens: 512)
    }
    #expect(read.ids == trace.ids)
    #expect(trace.longestPrompt <= 800 / 5)
  }

  @Test func `Nothing of the control can be reused`() {
    #expect(ceiling(Workload.zeroReuse.trace(seed: 1, fleet: Self.fleet)) == 0)
  }

  @Test func `Conversations on shared prompts need three quarters of the cache`() {
    let trace = Workload.sharedPrompts.trace(seed: 1, fleet: Self.fleet)
    let share = Double(trace.distinctBlocks) / Double(Self.fleet.totalCapacity)
    #expect((0.6...0.9).contains(share))
    let half = trace.requests[trace.requests.count / 2].time
    #expect(half > trace.requests[trace.requests.count - 1].time / 2)
  }

  @Test func `Samples of a group share their prompt`() {
    var workload = RolloutsWorkload(fleet: Self.fleet)
    workload.steps = 1
    workload.promptsPerStep = 1
    workload.turns = 1...1
    var random = SplitMix64(seed: 1)
    let trace = workload.trace(&random)
    #expect(trace.requests.count == workload.samples)
    #expect(trace.distinctBlocks == trace.requests[0].blocks.count)
  }

  @Test func `Agents reuse most of a prompt, as published`() {
    #expect(ceiling(Workload.agentic.trace(seed: 1, fleet: Self.fleet)) > 0.6)
  }

  @Test func `A distribution has the percentiles that it was given`() {
    let percentiles = Percentiles(632, 3_735, 148_000)
    var random = SplitMix64(seed: 7)
    var drawn = (0..<100_000).map { _ in percentiles.draw(from: &random) }
    drawn.sort()
    #expect((600...665).contains(drawn[50_000]))
    #expect((3_500...4_000).contains(drawn[90_000]))
    #expect((130_000...148_000).contains(drawn[99_000]))
    #expect(percentiles.quantile(0.5) == 632 && percentiles.quantile(0.995) == 148_000)
  }
}

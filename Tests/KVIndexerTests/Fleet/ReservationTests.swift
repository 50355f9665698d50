import KVIndexer
import Simulation
import Testing

/// Claims on prompts whose events have not come yet.
@Suite struct ReservationTests {
  private let prompt = tokens(40)
  private let second: UInt64 = 1_000_000_000

  /// An endpoint that holds `held` tokens of the prompt.
  private func harness(held: Int = 8) throws -> (FleetHarness, SourceID) {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(Array(prompt.prefix(held)))], from: source)
    return (harness, source)
  }

  private func counters(_ harness: FleetHarness) -> ReservationTable.Counters {
    harness.reservationCounters
  }

  @Test func `a claim counts on top of what is held, and is told apart from it`() throws {
    let (harness, _) = try harness()
    try harness.reserve("1", prompt)
    #expect(harness.matched(prompt + [1]) == 8)
    #expect(harness.reserved(prompt + [1]) == 32)
    #expect(harness.reserved(prompt) == 28)
    #expect(harness.reserved(Array(prompt.prefix(20)) + tokens(20, prompt: 1)) == 12)
    #expect(harness.reserved(tokens(8, prompt: 1)) == 0)
    #expect(harness.reservationCount == 1)
    #expect(counters(harness).made == 1)
  }

  @Test func `a claim is confirmed by the arrival of its blocks, all of them`() throws {
    let (harness, source) = try harness()
    try harness.reserve("1", prompt, now: 0)
    try harness.apply([.stored(prompt, blocks: 2..<8)], from: source, now: second / 10)
    #expect(counters(harness).confirmed == 0)
    #expect(harness.reserved(prompt + [1]) == 8)
    try harness.apply([.stored(prompt, blocks: 8..<10)], from: source, now: second / 5)
    #expect(counters(harness).confirmed == 1)
    #expect(harness.reservationCount == 0)
    #expect(harness.matched(prompt + [1]) == 40)
    #expect(harness.reserved(prompt + [1]) == 0)
    #expect(harness.lag.meanNanoseconds == Double(second / 5))
  }

  @Test func `another endpoint's blocks confirm nothing here`() throws {
    let (harness, _) = try harness()
    let other = harness.add("b")
    try harness.reserve("1", prompt)
    try harness.apply([.stored(prompt)], from: other)
    #expect(counters(harness).confirmed == 0)
    #expect(harness.reserved(prompt + [1], on: "a") == 32)
    #expect(harness.reserved(prompt + [1], on: "b") == 0)
  }

  @Test func `a claim that nothing confirms expires`() throws {
    let (harness, _) = try harness()
    try harness.reserve("1", prompt, now: second, lifetime: 5)
    harness.fleet.expireReservations(now: second + 4)
    #expect(harness.reserved(prompt + [1]) == 32)
    #expect(!harness.isReservationDue(now: second + 4))
    harness.fleet.expireReservations(now: second + 5)
    #expect(harness.reserved(prompt + [1]) == 0)
    #expect(counters(harness).expired == 1)
  }

  @Test func `a claim may be taken back once`() throws {
    let (harness, _) = try harness()
    try harness.reserve("1", prompt)
    #expect(harness.cancelReservation("1"))
    #expect(!harness.cancelReservation("1"))
    #expect(harness.reserved(prompt + [1]) == 0)
    #expect(counters(harness).cancelled == 1)
  }

  @Test func `a claim of the same name takes the place of the first`() throws {
    let (harness, _) = try harness()
    try harness.reserve("1", prompt)
    try harness.reserve("1", tokens(20, prompt: 1))
    #expect(harness.reserved(prompt + [1]) == 0)
    #expect(harness.reserved(tokens(21, prompt: 1)) == 20)
    #expect(harness.reservationCount == 1)
    #expect(counters(harness).made == 2 && counters(harness).cancelled == 1)
  }

  @Test func `two claims on the same blocks do not shorten each other`() throws {
    let (harness, _) = try harness()
    try harness.reserve("1", prompt, now: 0, lifetime: 10)
    try harness.reserve("2", Array(prompt.prefix(28)), now: 0, lifetime: 20)
    try harness.reserve("3", Array(prompt.prefix(16)) + tokens(8, prompt: 1), lifetime: 30)
    harness.fleet.expireReservations(now: 10)
    #expect(harness.reserved(prompt + [1]) == 20)
    harness.fleet.expireReservations(now: 20)
    #expect(harness.reserved(prompt + [1]) == 8)
    #expect(harness.cancelReservation("3"))
    #expect(harness.reserved(prompt + [1]) == 0)
  }

  @Test func `a clear and a restart drop the claims on their endpoint`() throws {
    let (harness, source) = try harness()
    let other = harness.add("b")
    try harness.apply([.stored(tokens(8))], from: other)
    try harness.reserve("1", prompt)
    try harness.reserve("2", prompt, on: "b")
    try harness.apply([.cleared], from: source)
    #expect(harness.reserved(prompt + [1], on: "a") == 0)
    #expect(harness.reserved(prompt + [1], on: "b") == 32)
    harness.beginIncarnation(Incarnation(2), of: other)
    #expect(harness.reserved(prompt + [1], on: "b") == 0)
    #expect(counters(harness).dropped == 2)
    #expect(harness.reservationCount == 0)
  }

  @Test func `the claims on an endpoint go with its last source`() throws {
    let (harness, source) = try harness()
    try harness.reserve("1", prompt)
    harness.fleet.removeSource(source)
    #expect(counters(harness).dropped == 1)
    try harness.apply([.stored(tokens(8))], from: harness.add())
    #expect(harness.reserved(prompt + [1]) == 0)
  }

  @Test func `an unknown endpoint and an unknown block size are told apart`() throws {
    let harness = FleetHarness()
    _ = harness.add("a")
    #expect(throws: ReservationError.unknownBlockSize) { try harness.reserve("1", prompt) }
    #expect(throws: ReservationError.unknownEndpoint) {
      try harness.reserve("1", prompt, on: "b")
    }
    #expect(counters(harness) == ReservationTable.Counters())
  }

  @Test func `with a configured block size a claim works before the first event`() throws {
    let harness = FleetHarness()
    let source = harness.add(SourceConfiguration(endpoint: "a", model: "m", blockSize: 4))
    try harness.reserve("1", prompt)
    #expect(harness.reserved(prompt + [1]) == 40)
    try harness.apply([.stored(prompt)], from: source)
    #expect(counters(harness).confirmed == 1)
  }

  @Test func `a full table refuses, and has room again when a claim ends`() throws {
    let (harness, _) = try harness()
    for number in 0..<ReservationTable.claimsMax { try harness.reserve("\(number)", [1, 2, 3]) }
    #expect(throws: ReservationError.tableFull) { try harness.reserve("more", prompt) }
    #expect(counters(harness).refused == 1)
    #expect(harness.cancelReservation("7"))
    try harness.reserve("more", prompt)
    #expect(counters(harness).made == ReservationTable.claimsMax + 1)
  }

  @Test func `a claim without a full block teaches nothing about the lag of events`() throws {
    let (harness, source) = try harness()
    try harness.reserve("1", [1, 2, 3], now: 0)
    try harness.apply([.stored(tokens(8, prompt: 1))], from: source, now: 1)
    #expect(harness.lag.meanNanoseconds == nil)
  }

  @Test(arguments: [(1, 1), (100, 1), (500, 3), (2_000, 12), (60_000, 30)] as [(UInt64, UInt64)])
  func `a claim lives as long as events take to come, within bounds`(
    lagMilliseconds: UInt64, seconds: UInt64
  ) throws {
    let (harness, source) = try harness()
    #expect(try harness.reserve("0", prompt, now: 0) == 2 * second)
    try harness.apply([.stored(prompt)], from: source, now: lagMilliseconds * 1_000_000)
    // Two means and eight deviations, of which the first is taken for half the mean.
    #expect(try harness.reserve("1", prompt, now: 0) == seconds * second)
  }

  @Test func `steady lags shorten the life of claims`() throws {
    let (harness, source) = try harness()
    for number in 1...40 {
      let prompt = tokens(20, prompt: number)
      try harness.reserve("\(number)", prompt, now: 0, lifetime: 60 * second)
      try harness.apply([.stored(prompt)], from: source, now: 2 * second)
    }
    #expect(counters(harness).confirmed == 40)
    let lifetime = harness.lag.timeToLive
    #expect(lifetime >= 4 * second && lifetime < 5 * second)
  }
}

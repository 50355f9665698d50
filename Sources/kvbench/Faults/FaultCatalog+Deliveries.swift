import Simulation

extension FaultCatalog {
  /// Messages arrive, but not as they should.
  static let deliveries: [Fault] = [
    Fault("duplicates", "every third message arrives twice, 5 % are lost", .exact, then: 3) {
      stand in
      var dice = SplitMix64(seed: stand.seed ^ 0xd0b1e)
      stand.subject.passage = { _, _ in
        switch dice.below(60) {
        case 0..<20: .twice
        case 20..<23: .lost
        default: .sent
        }
      }
      try stand.traffic(25)
      stand.subject.passage = { _, _ in .sent }
    },
    Fault(
      "garbled", "2 % of the messages make no sense, on the way and in the ring", .either, then: 3
    ) { stand in
      var dice = SplitMix64(seed: stand.seed ^ 0x6a)
      stand.subject.passage = { _, _ in dice.below(50) == 0 ? .garbled : .sent }
      try stand.traffic(20)
      stand.subject.passage = { _, _ in .sent }
    },
    Fault("clock-jumps", "the engine's clock jumps by up to 11 days", .exact, then: 2) { stand in
      for _ in 0..<20 {
        stand.subject.clockShift = (stand.random.fraction() - 0.5) * 2e6
        try stand.traffic(1)
      }
    },
    Fault("clear-storm", "the cache is reset, and 3,000 messages say so", .exact, then: 4) {
      stand in
      _ = stand.subject.resetPrefixCache()
      stand.subject.publishClears(3000)
      try stand.traffic(4)
      _ = stand.subject.resetPrefixCache()
      stand.subject.publishClears(100)
    },
    Fault(
      "reset-idle", "the cache is reset while the engine rests, which it says later", .exact,
      then: 4
    ) { stand in
      _ = stand.subject.resetPrefixCache()
      try stand.watch(milliseconds: 100)
    },
    Fault(
      "budget", "the index has room for a part of the blocks only", .state("degraded(budget)"),
      .plain.late.with {
        $0.memoryBudget = 10 << 10
        $0.reachesAll = true
      }, then: 8
    ) { _ in },
  ]
}

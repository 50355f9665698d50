import Simulation

extension FaultCatalog {
  /// Messages arrive, but not as they should.
  static let deliveries: [Fault] = [
    Fault(
      name: "duplicates", summary: "every third message arrives twice, 5 % are lost", end: .exact
    ) { stand in
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
      stand.faultIsOver()
      try stand.traffic(3)
    },
    Fault(
      name: "garbled", summary: "2 % of the messages make no sense, on the way and in the ring",
      end: .either
    ) { stand in
      var dice = SplitMix64(seed: stand.seed ^ 0x6a)
      stand.subject.passage = { _, _ in dice.below(50) == 0 ? .garbled : .sent }
      try stand.traffic(20)
      stand.subject.passage = { _, _ in .sent }
      stand.faultIsOver()
      try stand.traffic(3)
    },
    Fault(name: "clock-jumps", summary: "the engine's clock jumps by up to 11 days", end: .exact) {
      stand in
      for _ in 0..<20 {
        stand.subject.clockShift = (stand.random.fraction() - 0.5) * 2e6
        try stand.traffic(1)
      }
      stand.faultIsOver()
      try stand.traffic(2)
    },
    Fault(
      name: "clear-storm", summary: "the cache is reset, and 3,000 messages say so", end: .exact
    ) {
      stand in
      _ = stand.subject.resetPrefixCache()
      stand.subject.publishClears(3000)
      try stand.traffic(4)
      _ = stand.subject.resetPrefixCache()
      stand.subject.publishClears(100)
      stand.faultIsOver()
      try stand.traffic(4)
    },
    Fault(
      name: "reset-idle", summary: "the cache is reset while the engine rests, which it says later",
      end: .exact
    ) { stand in
      _ = stand.subject.resetPrefixCache()
      try stand.watch(milliseconds: 100)
      stand.faultIsOver()
      try stand.traffic(4)
    },
  ]
}

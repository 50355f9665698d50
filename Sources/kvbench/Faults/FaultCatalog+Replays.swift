extension FaultCatalog {
  /// The engine runs before the indexer does, and its replay endpoint is good, bad or missing.
  static let replays: [Fault] = [
    late(
      "late", "the indexer starts late, the ring reaches back", end: .exact, setup: Fault.Setup()),
    late(
      "late-wrapped", "it starts late, the ring keeps 8 messages", end: .honest, setup: withRing(8)),
    late(
      "late-no-replay", "it starts late, no replay endpoint", end: .honest, setup: withoutReplay),
    Fault(
      name: "late-wrapped-cleared", summary: "it starts late, then the cache is reset", end: .exact,
      setup: lateSetup(withRing(8))
    ) { stand in
      try stand.traffic(4)
      _ = stand.subject.resetPrefixCache()
      stand.faultIsOver()
      try stand.traffic(4)
    },
    conduct(
      "replay-slow", "late, 5 % lost, 2 ms for each replayed message", .slow(milliseconds: 2),
      .exact),
    conduct("replay-silent", "late, 5 % lost, replays are not answered", .silent, .honest),
    conduct("replay-garbage", "late, 5 % lost, replays bring random bytes", .garbage, .honest),
    conduct("replay-torn", "late, 5 % lost, replays have holes and no end", .torn, .honest),
    Fault(
      name: "replay-no-topic", summary: "late, 5 % lost, replays without the topic frame",
      end: .exact, setup: lateSetup(withoutTopic)
    ) { stand in try loseThenRest(stand) },
  ]

  private static var withoutTopic: Fault.Setup {
    var setup = Fault.Setup()
    setup.engine.replaysTopic = false
    return setup
  }

  private static func lateSetup(_ setup: Fault.Setup) -> Fault.Setup {
    var setup = setup
    setup.requestsBefore = 25
    return setup
  }

  private static func late(
    _ name: String, _ summary: String, end: Fault.End, setup: Fault.Setup
  ) -> Fault {
    Fault(name: name, summary: summary, end: end, setup: lateSetup(setup)) { stand in
      stand.faultIsOver()
      try stand.traffic(8)
    }
  }

  private static func conduct(
    _ name: String, _ summary: String, _ conduct: FaultyReplay.Conduct, _ end: Fault.End
  ) -> Fault {
    var setup = Fault.Setup()
    setup.engine.replayConduct = conduct
    return Fault(name: name, summary: summary, end: end, setup: lateSetup(setup)) { stand in
      try loseThenRest(stand)
    }
  }

  private static func loseThenRest(_ stand: FaultStand) throws {
    try loseSome(5, stand)
    stand.faultIsOver()
    try stand.traffic(3)
  }
}

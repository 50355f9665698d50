extension FaultCatalog {
  /// The engine runs before the indexer does, and its replay endpoint is good, bad or missing.
  static let replays: [Fault] = [
    Fault("late", "the indexer starts late, the ring reaches back", .exact, .plain.late, then: 8) {
      _ in
    },
    Fault(
      "late-wrapped", "it starts late, the ring keeps 8 messages", .honest, .plain.ring(8).late,
      then: 8
    ) { _ in },
    Fault(
      "late-wrapped-snapshot", "the same, and the engine tells what it caches", .exact,
      .plain.ring(8).late.with { $0.engine.offersSnapshots = true }, then: 8
    ) { _ in },
    Fault(
      "late-no-replay", "it starts late, no replay endpoint", .honest, .plain.withoutReplay.late,
      then: 8
    ) { _ in },
    Fault(
      "late-wrapped-cleared", "it starts late, then the cache is reset", .exact,
      .plain.ring(8).late, then: 4
    ) { stand in
      try stand.traffic(4)
      _ = stand.subject.resetPrefixCache()
    },
    conduct(
      "replay-slow", "late, 5 % lost, 2 ms for each replayed message", .exact,
      .slow(milliseconds: 2)),
    conduct("replay-silent", "late, 5 % lost, replays are not answered", .honest, .silent),
    conduct("replay-garbage", "late, 5 % lost, replays bring random bytes", .honest, .garbage),
    conduct("replay-torn", "late, 5 % lost, replays have holes and no end", .honest, .torn),
    Fault(
      "replay-no-topic", "late, 5 % lost, replays without the topic frame", .exact,
      .plain.late.with { $0.engine.replaysTopic = false }, then: 3
    ) { try loseSome(5, $0) },
  ]

  private static func conduct(
    _ name: String, _ summary: String, _ end: Fault.End, _ conduct: FaultyReplay.Conduct
  ) -> Fault {
    Fault(name, summary, end, .plain.late.with { $0.engine.replayConduct = conduct }, then: 3) {
      try loseSome(5, $0)
    }
  }
}

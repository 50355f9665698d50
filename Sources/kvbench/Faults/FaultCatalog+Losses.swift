import Simulation

extension FaultCatalog {
  /// Messages are lost on their way.
  static let losses: [Fault] = [
    Fault("lost-1%", "1 % of the messages lost", .exact, then: 3) { try loseSome(1, $0) },
    Fault("lost-10%", "10 % of the messages lost", .exact, then: 3) { try loseSome(10, $0) },
    Fault(
      "lost-1%-no-replay", "1 % lost, no replay endpoint", .either, .plain.withoutReplay, then: 3
    ) { try loseSome(1, $0) },
    Fault(
      "lost-10%-no-replay", "10 % lost, no replay endpoint", .honest, .plain.withoutReplay, then: 3
    ) { try loseSome(10, $0) },
    Fault("lost-remove", "one message with a removal lost", .exact, then: 4) {
      try lose(1, from: isRemoval, $0)
    },
    Fault(
      "lost-remove-wrapped",
      "ten messages lost from a removal on, of which the ring keeps three", .honest, .plain.ring(3),
      then: 4
    ) { try lose(10, from: isRemoval, $0) },
    Fault("lost-root", "the message with a prompt's first block lost", .exact, then: 4) {
      try lose(1, from: isRoot, $0)
    },
    Fault(
      "lost-root-wrapped",
      "ten messages lost from a prompt's first block on, of which the ring keeps three", .honest,
      .plain.ring(3), then: 4
    ) { try lose(10, from: isRoot, $0) },
    Fault(
      "lost-root-no-replay", "a prompt's first block lost, no replay endpoint", .honest,
      .plain.withoutReplay, then: 4
    ) { try lose(1, from: isRoot, $0) },
    Fault("lost-last", "the last message before a rest lost", .exact) { stand in
      try stand.traffic(6)
      stand.subject.passage = { _, _ in .lost }
      try stand.serve(stand.request(), on: stand.subject, asking: false)
    },
    Fault(
      "lost-then-cleared", "10 % lost without replay, then the cache is reset", .exact,
      .plain.withoutReplay, then: 4
    ) { stand in
      try loseSome(10, stand)
      _ = stand.subject.resetPrefixCache()
    },
    Fault(
      "lost-connections", "connections cut off, again and again, amid requests", .exact, then: 4,
      inject: cutOff),
    Fault(
      "lost-connections-no-replay", "the same without a replay endpoint", .honest,
      .plain.withoutReplay, then: 4
    ) { stand in
      try cutOff(stand)
      try stand.watch(milliseconds: 100)
    },
  ]

  /// Loses a share of the messages of some requests.
  static func loseSome(_ percent: Int, _ stand: FaultStand) throws {
    var dice = SplitMix64(seed: stand.seed ^ 0x1055)
    stand.subject.passage = { _, _ in dice.below(100) < percent ? .lost : .sent }
    try stand.traffic(25)
    stand.subject.passage = { _, _ in .sent }
  }

  /// Loses some messages in a row, from the first one that has what it takes.
  private static func lose(
    _ count: UInt64, from isFirst: @escaping (BlockEvent) -> Bool, _ stand: FaultStand
  ) throws {
    // Which one it is depends on the seed.
    var earlier = stand.random.below(4)
    var lost: Range<UInt64>?
    stand.subject.passage = { sequence, events in
      if lost == nil, events.contains(where: isFirst) {
        if earlier == 0 { lost = sequence..<sequence + count }
        earlier -= 1
      }
      return lost?.contains(sequence) == true ? .lost : .sent
    }
    while lost.map({ stand.subject.published < $0.upperBound }) ?? true {
      // Once in a while something else fills the cache, so that even first blocks are stored again.
      if stand.random.below(6) == 0 { try stand.flood() }
      try stand.traffic(1)
    }
  }

  private static func isRemoval(_ event: BlockEvent) -> Bool {
    if case .removed = event { true } else { false }
  }

  private static func isRoot(_ event: BlockEvent) -> Bool {
    if case .stored(let run) = event { run.parent == nil } else { false }
  }

  private static func cutOff(_ stand: FaultStand) throws {
    for _ in 0..<4 {
      try stand.traffic(2)
      stand.subject.dropConnections()
      if stand.random.below(2) == 0 { stand.pause(upToMilliseconds: 40) }
    }
  }
}

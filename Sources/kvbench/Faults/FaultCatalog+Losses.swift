import Simulation

extension FaultCatalog {
  /// Messages are lost on their way.
  static let losses: [Fault] = [
    lossy("lost-1%", "1 % of the messages lost", percent: 1, end: .exact),
    lossy("lost-10%", "10 % of the messages lost", percent: 10, end: .exact),
    lossy(
      "lost-1%-no-replay", "1 % lost, no replay endpoint", percent: 1, end: .either,
      setup: withoutReplay),
    lossy(
      "lost-10%-no-replay", "10 % lost, no replay endpoint", percent: 10, end: .honest,
      setup: withoutReplay),
    Fault(name: "lost-remove", summary: "one message with a removal lost", end: .exact) { stand in
      try lose(1, from: isRemoval, stand)
    },
    Fault(
      name: "lost-remove-wrapped",
      summary: "ten messages lost from a removal on, of which the ring keeps three", end: .honest,
      setup: withRing(3)
    ) { stand in try lose(10, from: isRemoval, stand) },
    Fault(name: "lost-root", summary: "the message with a prompt's first block lost", end: .exact) {
      stand in try lose(1, from: isRoot, stand)
    },
    Fault(
      name: "lost-root-wrapped",
      summary: "ten messages lost from a prompt's first block on, of which the ring keeps three",
      end: .honest, setup: withRing(3)
    ) { stand in try lose(10, from: isRoot, stand) },
    Fault(
      name: "lost-root-no-replay", summary: "a prompt's first block lost, no replay endpoint",
      end: .honest, setup: withoutReplay
    ) { stand in try lose(1, from: isRoot, stand) },
    Fault(name: "lost-last", summary: "the last message before a rest lost", end: .exact) { stand in
      try stand.traffic(6)
      stand.subject.passage = { _, _ in .lost }
      try stand.serve(stand.request(), on: stand.subject, asking: false)
      stand.faultIsOver()
    },
    Fault(
      name: "lost-then-cleared", summary: "10 % lost without replay, then the cache is reset",
      end: .exact, setup: withoutReplay
    ) { stand in
      try loseSome(10, stand)
      _ = stand.subject.resetPrefixCache()
      stand.faultIsOver()
      try stand.traffic(4)
    },
    Fault(
      name: "lost-connections", summary: "connections cut off, again and again, amid requests",
      end: .exact
    ) { stand in try cutOff(stand) },
    Fault(
      name: "lost-connections-no-replay", summary: "the same without a replay endpoint",
      end: .honest, setup: withoutReplay
    ) { stand in try cutOff(stand) },
  ]

  static func withRing(_ batches: Int) -> Fault.Setup {
    var setup = Fault.Setup()
    setup.engine.ringBatches = batches
    return setup
  }

  private static func lossy(
    _ name: String, _ summary: String, percent: Int, end: Fault.End,
    setup: Fault.Setup = Fault.Setup()
  ) -> Fault {
    Fault(name: name, summary: summary, end: end, setup: setup) { stand in
      try loseSome(percent, stand)
      stand.faultIsOver()
      try stand.traffic(3)
    }
  }

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
    stand.faultIsOver()
    try stand.traffic(4)
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
    stand.faultIsOver()
    try stand.traffic(4)
  }
}

import Service

extension FaultCatalog {
  /// The indexer can't keep up.
  static let intake: [Fault] = [
    Fault(
      name: "stalled",
      summary: "the index takes nothing while 150 messages come, of which it queues 60",
      end: .either, setup: withQueue(60, Fault.Setup())
    ) { stand in try stall(stand, messages: 150) },
    Fault(
      name: "stalled-tiny", summary: "the same with a queue that no replay fits into", end: .exact,
      setup: withQueue(4, Fault.Setup())
    ) { stand in try stall(stand, messages: 30) },
    Fault(
      name: "stalled-no-replay", summary: "the same without a replay endpoint", end: .honest,
      setup: withQueue(4, withoutReplay)
    ) { stand in try stall(stand, messages: 30) },
    Fault(
      name: "stalled-wrapped", summary: "the same, and the ring keeps 8 messages", end: .honest,
      setup: withQueue(4, withRing(8))
    ) { stand in try stall(stand, messages: 30) },
  ]

  private static func withQueue(_ batches: Int, _ setup: Fault.Setup) -> Fault.Setup {
    var setup = setup
    setup.queue.sourceBatchesMax = batches
    setup.reachesAll = true
    return setup
  }

  /// Has engines work while the index's lock is held.
  private static func stall(_ stand: FaultStand, messages: UInt64) throws {
    for _ in 0..<2 {
      try stand.traffic(2)
      guard let fleet = stand.indexer.service?.fleet else { return }
      let start = MonotonicClock.nowNanoseconds()
      let stall = IndexStall(fleet)
      let enough = stand.subject.published + messages
      while stand.subject.published < enough { try stand.traffic(1, asking: false) }
      stand.pause(upToMilliseconds: 60)
      stall.end()
      // The lag that counts is the indexer's, not ours.
      for engine in stand.engines { engine.excuse(from: start) }
    }
    stand.faultIsOver()
    try stand.traffic(3)
  }
}

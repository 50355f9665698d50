import Service

extension FaultCatalog {
  /// The indexer can't keep up.
  static let intake: [Fault] = [
    Fault(
      "stalled", "the index takes nothing while 150 messages come, of which it queues 60", .either,
      queue(60), then: 3
    ) { try stall($0, messages: 150) },
    Fault(
      "stalled-tiny", "the same with a queue that no replay fits into", .exact, queue(4), then: 3
    ) { try stall($0, messages: 30) },
    Fault(
      "stalled-no-replay", "the same without a replay endpoint", .honest, queue(4).withoutReplay,
      then: 3
    ) { try stall($0, messages: 30) },
    Fault(
      "stalled-wrapped", "the same, and the ring keeps 8 messages", .honest, queue(4).ring(8),
      then: 3
    ) { try stall($0, messages: 30) },
  ]

  private static func queue(_ batches: Int) -> Fault.Setup {
    .plain.with {
      $0.queue.sourceBatchesMax = batches
      $0.reachesAll = true
    }
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
  }
}

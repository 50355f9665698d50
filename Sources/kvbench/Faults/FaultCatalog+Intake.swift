extension FaultCatalog {
  /// The indexer can't keep up.
  static let intake: [Fault] = [
    Fault(
      name: "stalled", summary: "the index takes nothing for a while, and queues overflow",
      end: .exact, setup: withQueue(Fault.Setup())
    ) { stand in try stall(stand) },
    Fault(
      name: "stalled-no-replay", summary: "the same without a replay endpoint", end: .honest,
      setup: withQueue(withoutReplay)
    ) { stand in try stall(stand) },
    Fault(
      name: "stalled-wrapped", summary: "the same, and the ring keeps 8 messages", end: .honest,
      setup: withQueue(withRing(8))
    ) { stand in try stall(stand) },
  ]

  private static func withQueue(_ setup: Fault.Setup) -> Fault.Setup {
    var setup = setup
    setup.queue.sourceBatchesMax = 4
    return setup
  }

  private static func stall(_ stand: FaultStand) throws {
    for _ in 0..<3 {
      try stand.traffic(2)
      guard let fleet = stand.indexer.service?.fleet else { return }
      let stall = IndexStall(fleet)
      try stand.traffic(10, asking: false)
      stand.pause(upToMilliseconds: 60)
      stall.end()
    }
    stand.faultIsOver()
    try stand.traffic(3)
  }
}

import Simulation

extension FaultCatalog {
  /// The indexer is killed, and begins from its snapshot.
  static let kills: [Fault] = [
    Fault(
      name: "killed-idle", summary: "indexer killed (-9) and started again, engines idle",
      end: .exact, setup: process
    ) { stand in
      try stand.indexer.waitForSnapshot()
      try startAgain(stand) {}
    },
    Fault(
      name: "killed-busy", summary: "the same while engines serve requests", end: .exact,
      setup: process
    ) { stand in
      try stand.traffic(3)
      try startAgain(stand) { try stand.traffic(12, asking: false) }
      try stand.traffic(6)
    },
    Fault(
      name: "killed-warm",
      summary: "the same; the ring reaches back to the snapshot, but not to the engine's start",
      end: .exact, setup: process(ring: 20)
    ) { stand in
      try stand.traffic(10)
      try stand.indexer.waitForSnapshot()
      try startAgain(stand) { try stand.serve(stand.request(), on: stand.subject, asking: false) }
    },
    Fault(
      name: "killed-wrapped", summary: "the same; the ring keeps 8 messages, and many more come",
      end: .honest, setup: process(ring: 8)
    ) { stand in
      try stand.indexer.waitForSnapshot()
      try startAgain(stand) {
        let enough = stand.subject.published + 30
        while stand.subject.published < enough { try stand.traffic(1, asking: false) }
      }
      try stand.traffic(2)
    },
    Fault(
      name: "killed-restarted",
      summary: "indexer killed, and an engine restarted before it is back",
      end: .exact, setup: process
    ) { stand in
      try stand.indexer.waitForSnapshot()
      try startAgain(stand) {
        try stand.subject.kill()
        try stand.subject.start()
        try stand.traffic(stand.random.below(12), asking: false)
      }
      try stand.traffic(2)
    },
    Fault(
      name: "snapshot-truncated", summary: "indexer killed, its snapshot cut off somewhere",
      end: .exact, setup: process
    ) { stand in
      try stand.indexer.waitForSnapshot()
      try startAgain(stand) {
        let kept = stand.random.fraction()
        try stand.indexer.damageSnapshot { Array($0.prefix(Int(kept * Double($0.count)))) }
      }
    },
    Fault(
      name: "snapshot-corrupt", summary: "indexer killed, one to four bits of its snapshot flipped",
      end: .exact, setup: process
    ) { stand in
      try stand.indexer.waitForSnapshot()
      try startAgain(stand) {
        var random = SplitMix64(seed: stand.seed)
        try stand.indexer.damageSnapshot { bytes in
          var bytes = bytes
          for _ in 0...random.below(4) {
            bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
          }
          return bytes
        }
      }
    },
    Fault(
      name: "snapshot-corrupt-wrapped", summary: "the same, and the ring keeps 8 messages",
      end: .honest, setup: process(ring: 8)
    ) { stand in
      try stand.indexer.waitForSnapshot()
      try startAgain(stand) {
        let place = stand.random.fraction()
        try stand.indexer.damageSnapshot { bytes in
          var bytes = bytes
          bytes[Int(place * Double(bytes.count))] ^= 0x10
          return bytes
        }
      }
      try stand.traffic(2)
    },
  ]

  private static var process: Fault.Setup {
    var setup = Fault.Setup()
    setup.isProcess = true
    return setup
  }

  private static func process(ring: Int) -> Fault.Setup {
    var setup = process
    setup.engine.ringBatches = ring
    return setup
  }

  /// Kills the indexer, does something meanwhile, and starts it.
  private static func startAgain(
    _ stand: FaultStand, _ meanwhile: () throws -> Void
  ) throws {
    stand.indexer.kill()
    try meanwhile()
    try stand.indexer.start()
    stand.faultIsOver()
  }
}

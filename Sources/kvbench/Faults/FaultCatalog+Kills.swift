import Simulation

extension FaultCatalog {
  /// The indexer is killed, and begins from its snapshot.
  static let kills: [Fault] = [
    Fault(
      "killed-idle", "indexer killed (-9) and started again, engines idle", .exact, .plain.process
    ) { stand in
      try stand.indexer.waitForSnapshot()
      try startAgain(stand)
    },
    Fault(
      "killed-busy", "the same while engines serve requests", .exact, .plain.process, then: 6
    ) { stand in
      try stand.traffic(3)
      try startAgain(stand) { try stand.traffic(12, asking: false) }
    },
    Fault(
      "killed-warm",
      "the same; the ring reaches back to the snapshot, but not to the engine's start", .exact,
      .plain.process.ring(20)
    ) { stand in
      try stand.traffic(10)
      try stand.indexer.waitForSnapshot()
      try startAgain(stand) { try stand.serve(stand.request(), on: stand.subject, asking: false) }
    },
    Fault(
      "killed-wrapped", "the same; the ring keeps 8 messages, and many more come", .honest,
      .plain.process.ring(8), then: 2
    ) { stand in
      try stand.indexer.waitForSnapshot()
      try startAgain(stand) { try wrapRing(stand) }
    },
    Fault(
      "killed-restarted", "indexer killed, and an engine restarted before it is back", .exact,
      .plain.process, then: 2
    ) { stand in
      try stand.indexer.waitForSnapshot()
      try startAgain(stand) {
        try stand.subject.kill()
        try stand.subject.start()
        try stand.traffic(stand.random.below(12), asking: false)
      }
    },
    Fault(
      "killed-cleared",
      "the engine rests, its cache is reset, `clear` says so, and the indexer "
        + "is killed at once; the ring reaches back to the snapshot", .exact,
      .plain.process.ring(20)
    ) { try clearThenKill($0) },
    Fault(
      "killed-cleared-wrapped", "the same; then many more messages come than the ring keeps",
      .honest, .plain.process.ring(8), then: 2
    ) { stand in try clearThenKill(stand) { try wrapRing(stand) } },
    Fault(
      "snapshot-truncated", "indexer killed, its snapshot cut off somewhere", .exact,
      .plain.process
    ) { stand in
      let kept = stand.random.fraction()
      try startDamaged(stand) { Array($0.prefix(Int(kept * Double($0.count)))) }
    },
    Fault(
      "snapshot-corrupt", "indexer killed, one to four bits of its snapshot flipped", .exact,
      .plain.process, inject: startCorrupt),
    Fault(
      "snapshot-corrupt-wrapped", "the same, and the ring keeps 8 messages", .honest,
      .plain.process.ring(8), then: 2, inject: startCorrupt),
  ]

  /// Kills the indexer, does something meanwhile, and starts it.
  ///
  /// - Parameter peer: Begin from this sibling instead of the snapshot.
  static func startAgain(
    _ stand: FaultStand, from peer: String? = nil, _ meanwhile: () throws -> Void = {}
  ) throws {
    stand.indexer.kill()
    try meanwhile()
    try stand.indexer.start(from: peer)
  }

  /// Has the engine publish more than its ring keeps.
  static func wrapRing(_ stand: FaultStand) throws {
    let enough = stand.subject.published + 30
    while stand.subject.published < enough { try stand.traffic(1, asking: false) }
  }

  private static func clearThenKill(
    _ stand: FaultStand, _ meanwhile: () throws -> Void = {}
  ) throws {
    try stand.traffic(3)
    try stand.indexer.waitForSnapshot()
    try clear(stand)
    try startAgain(stand, meanwhile)
  }

  private static func startDamaged(
    _ stand: FaultStand, _ damage: ([UInt8]) -> [UInt8]
  ) throws {
    try stand.indexer.waitForSnapshot()
    try startAgain(stand) { try stand.indexer.damageSnapshot(damage) }
  }

  private static func startCorrupt(_ stand: FaultStand) throws {
    var random = SplitMix64(seed: stand.seed)
    try startDamaged(stand) { bytes in
      var bytes = bytes
      for _ in 0...random.below(4) {
        bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
      }
      return bytes
    }
  }
}

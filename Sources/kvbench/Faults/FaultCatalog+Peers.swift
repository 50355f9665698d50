extension FaultCatalog {
  /// The indexer is killed, and begins without a state of its own, from what a sibling knows.
  ///
  /// Rings keep 8 messages, so that nothing but a snapshot tells what engines held.
  static let peers: [Fault] = [
    Fault(
      "peer", "indexer killed; it begins from a sibling, the ring has wrapped since", .exact,
      follower.with { $0.hasSibling = true }, then: 2
    ) { stand in
      let sibling = try stand.exactSibling()
      try startAgain(stand, from: sibling) { try wrapRing(stand) }
    },
    Fault(
      "peer-late", "the same; the sibling has joined late itself", .state("degraded(joinedLate)"),
      follower, then: 2
    ) { stand in
      let sibling = try stand.startSibling()
      try startAgain(stand, from: sibling)
    },
    Fault(
      "peer-behind", "the sibling's snapshot is from before the ring wrapped", .honest, follower,
      then: 2
    ) { stand in
      let snapshot = try stand.indexer.snapshot()
      try startFromPeer(stand, FaultyPeer(snapshot, sending: snapshot.count)) {
        try wrapRing(stand)
      }
    },
    Fault(
      "peer-dies", "the sibling dies while it sends its snapshot", .honest, follower, then: 2
    ) { stand in
      let snapshot = try stand.indexer.snapshot()
      try startFromPeer(
        stand, FaultyPeer(snapshot, sending: stand.random.below(snapshot.count)))
    },
  ]

  private static var follower: Fault.Setup { .plain.process.ring(8) }

  private static func startFromPeer(
    _ stand: FaultStand, _ peer: FaultyPeer, _ meanwhile: () throws -> Void = {}
  ) throws {
    defer { peer.stop() }
    try startAgain(stand, from: peer.address, meanwhile)
  }
}

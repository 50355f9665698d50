extension FaultCatalog {
  /// The endpoint is another one than before.
  static let membership: [Fault] = [
    Fault(
      "moved", "engine restarted on other ports, endpoints file rewritten", .exact, then: 6
    ) { stand in
      try stand.subject.kill()
      try stand.subject.start(elsewhere: true)
      try stand.traffic(2, on: [stand.subject])
      try stand.rewriteEndpoints(stand.listings)
    },
    Fault(
      "re-added", "endpoint removed, engine restarted, endpoint added again", .exact, then: 3
    ) { stand in
      try stand.rewriteEndpoints(Array(stand.listings.dropFirst()))
      try stand.watch(milliseconds: stand.random.below(60))
      try restartUnlisted(stand)
      try stand.rewriteEndpoints(stand.listings)
    },
    Fault(
      "two-engines", "two engines send to one address of the indexer", .honest,
      .plain.withoutReplay.with { $0.hasTwin = true }
    ) { stand in
      let twin = try stand.startTwin()
      for _ in 0..<6 { try stand.traffic(1, on: [stand.subject, twin]) }
      stand.faultIsOver()
      try stand.traffic(1, on: [stand.subject])
    },
    Fault(
      "lease-over", "the lease of a registered endpoint runs out", .state("unlisted"), registered,
      then: 3
    ) { stand in
      try stand.traffic(2)
      stand.expireLeases()
    },
    Fault(
      "lease-renewed", "the same; the engine restarts and is registered again", .exact, registered,
      then: 3
    ) { stand in
      stand.expireLeases()
      try stand.watch(milliseconds: stand.random.below(60))
      try restartUnlisted(stand)
      try stand.register()
    },
  ]

  static var registered: Fault.Setup { .plain.with { $0.isRegistered = true } }

  /// Restarts an engine that the indexer has no endpoint for.
  private static func restartUnlisted(_ stand: FaultStand) throws {
    try stand.subject.kill()
    try stand.subject.start()
    try stand.traffic(3)
  }
}

extension FaultCatalog {
  /// The endpoint is another one than before.
  static let membership: [Fault] = [
    Fault(
      name: "moved", summary: "engine restarted on other ports, endpoints file rewritten",
      end: .exact
    ) { stand in
      try stand.subject.kill()
      try stand.subject.start(elsewhere: true)
      try stand.traffic(2, on: [stand.subject])
      try stand.rewriteEndpoints(stand.engines)
      stand.faultIsOver()
      try stand.traffic(6)
    },
    Fault(
      name: "re-added", summary: "endpoint removed, engine restarted, endpoint added again",
      end: .exact
    ) { stand in
      try stand.rewriteEndpoints(Array(stand.engines.dropFirst()))
      try stand.watch(milliseconds: stand.random.below(60))
      try stand.subject.kill()
      try stand.subject.start()
      try stand.traffic(3)
      try stand.rewriteEndpoints(stand.engines)
      stand.faultIsOver()
      try stand.traffic(3)
    },
    Fault(
      name: "two-engines", summary: "two engines send to one address of the indexer", end: .honest,
      setup: withTwin
    ) { stand in
      let twin = try stand.startTwin()
      for _ in 0..<6 { try stand.traffic(1, on: [stand.subject, twin]) }
      stand.faultIsOver()
      try stand.traffic(1, on: [stand.subject])
    },
  ]

  private static var withTwin: Fault.Setup {
    var setup = withoutReplay
    setup.hasTwin = true
    return setup
  }
}

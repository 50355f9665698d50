extension FaultCatalog {
  /// What is not known for sure heals, where the engine says how large its cache is.
  static let heals: [Fault] = [
    Fault(
      name: "heals-late",
      summary: "it starts late, the ring keeps 8 messages; then the engine's cache fills up",
      end: .exact, setup: withMetrics(ring: 8, requestsBefore: 25)
    ) { stand in
      stand.faultIsOver()
      try stand.traffic(4)
      try stand.flood()
      try stand.traffic(4)
    },
    Fault(
      name: "heals-lost",
      summary: "messages lost that the ring has no more, learnt anew; then the cache fills up",
      end: .exact, setup: withMetrics(ring: 3, requestsBefore: 0)
    ) { stand in
      try loseSome(30, stand)
      stand.faultIsOver()
      try stand.traffic(4)
      // As long as lost messages are waited for, and a little more.
      try stand.watch(milliseconds: 2000)
      try stand.flood()
      try stand.traffic(4)
    },
  ]

  private static func withMetrics(ring: Int, requestsBefore: Int) -> Fault.Setup {
    var setup = withRing(ring)
    setup.engine.hasMetrics = true
    setup.requestsBefore = requestsBefore
    return setup
  }
}

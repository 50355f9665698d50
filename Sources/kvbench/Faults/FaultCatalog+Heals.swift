extension FaultCatalog {
  /// What is not known for sure heals, where the engine says how large its cache is.
  static let heals: [Fault] = [
    Fault(
      "heals-late",
      "it starts late, the ring keeps 8 messages; then the engine's cache fills up", .exact,
      .plain.ring(8).late.measured
    ) { stand in
      stand.faultIsOver()
      try stand.traffic(4)
      // What fills the cache has to be heard: the ring has not all of it.
      try stand.waitUntilFollowed()
      try stand.flood()
      try stand.traffic(4)
    },
    Fault(
      "heals-lost",
      "messages lost that the ring has no more, learnt anew; then the cache fills up", .exact,
      .plain.ring(3).measured
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
}

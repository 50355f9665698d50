extension FaultCatalog {
  /// Somebody tells the indexer what its events do not, or do only later.
  static let errands: [Fault] = [
    Fault(
      "told-clear", "the cache is reset while the engine rests, and `clear` says so", .exact,
      then: 4
    ) { stand in
      try clear(stand)
      stand.faultIsOver()
      try stand.watch(milliseconds: 100)
    },
    Fault(
      "told-clear-cut", "the same, then connections are cut off again and again", .exact, then: 2
    ) { stand in
      try clear(stand)
      for _ in 0..<3 {
        stand.subject.dropConnections()
        stand.pause(upToMilliseconds: 40)
        try stand.traffic(stand.random.below(3))
      }
    },
    Fault("told-resync", "`resync` is asked for amid requests, ten times", .exact, then: 2) {
      stand in
      for _ in 0..<10 {
        try stand.indexer.post("/v1/sources/a:0/resync")
        try stand.traffic(1)
      }
    },
  ]

  /// Resets the engine's cache, and says so when that is done.
  static func clear(_ stand: FaultStand) throws {
    try stand.waitUntilExact()
    _ = stand.subject.resetPrefixCache()
    stand.subject.disclose()
    try stand.indexer.post("/v1/sources/a:0/clear")
  }
}

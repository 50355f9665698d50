extension FaultCatalog {
  /// Somebody tells the indexer what its events do not, or do only later.
  static let errands: [Fault] = [
    Fault(
      name: "told-clear", summary: "the cache is reset while the engine rests, and `clear` says so",
      end: .exact
    ) { stand in
      try clear(stand)
      stand.faultIsOver()
      try stand.watch(milliseconds: 100)
      try stand.traffic(4)
    },
    Fault(
      name: "told-clear-cut", summary: "the same, then connections are cut off again and again",
      end: .exact
    ) { stand in
      try clear(stand)
      for _ in 0..<3 {
        stand.subject.dropConnections()
        stand.pause(upToMilliseconds: 40)
        try stand.traffic(stand.random.below(3))
      }
      stand.faultIsOver()
      try stand.traffic(2)
    },
    Fault(
      name: "told-resync", summary: "`resync` is asked for amid requests, ten times", end: .exact
    ) { stand in
      for _ in 0..<10 {
        try stand.indexer.post("/v1/sources/a:0/resync")
        try stand.traffic(1)
      }
      stand.faultIsOver()
      try stand.traffic(2)
    },
  ]

  /// Resets the engine's cache, and says so when that is done.
  private static func clear(_ stand: FaultStand) throws {
    try stand.waitUntilExact()
    _ = stand.subject.resetPrefixCache()
    stand.subject.disclose()
    try stand.indexer.post("/v1/sources/a:0/clear")
  }
}

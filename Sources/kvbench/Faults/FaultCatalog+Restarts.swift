extension FaultCatalog {
  /// The engine's process ends and another one begins.
  static let restarts = [
    Fault("restart-idle", "engine killed while idle, started, stays idle", .exact) { stand in
      try restart(stand)
      stand.faultIsOver()
      try stand.watch(milliseconds: 50)
    },
    Fault(
      "restart-idle-no-replay", "the same without a replay endpoint, then traffic", .exact,
      .plain.withoutReplay, then: 4
    ) { stand in
      try restart(stand)
      try stand.watch(milliseconds: 200)
    },
    Fault(
      "restart-loaded", "engine killed amid requests, started under load", .exact, then: 10,
      inject: restartLoaded),
    Fault(
      "restart-loaded-no-replay", "the same without a replay endpoint", .either,
      .plain.withoutReplay, then: 10
    ) { stand in
      try restartLoaded(stand)
      try waitForConnection(stand)
    },
    Fault(
      "restart-past-watermark",
      "restarted so fast that its sequence has passed the old one when it is heard again", .exact,
      then: 6, inject: restartUnheard),
    Fault(
      "restart-past-watermark-no-replay", "the same without a replay endpoint", .honest,
      .plain.withoutReplay, then: 6
    ) { stand in
      try restartUnheard(stand)
      try waitForConnection(stand)
    },
    Fault("restart-storm", "five restarts in a row, requests in between", .exact, then: 3) {
      stand in
      for _ in 0..<5 {
        try killAmidRequests(stand)
        stand.pause(upToMilliseconds: 30)
        try stand.subject.start()
        try stand.traffic(stand.random.below(3))
      }
    },
  ]

  /// Has the engine publish what nobody hears, and the connection stand before what comes next.
  private static func waitForConnection(_ stand: FaultStand) throws {
    try stand.traffic(2)
    try stand.watch(milliseconds: 100)
  }

  private static func restart(_ stand: FaultStand) throws {
    try stand.subject.kill()
    stand.pause(upToMilliseconds: 60)
    try stand.ask()
    try stand.subject.start()
  }

  private static func restartLoaded(_ stand: FaultStand) throws {
    try killAmidRequests(stand)
    try stand.subject.start()
  }

  private static func killAmidRequests(_ stand: FaultStand) throws {
    for _ in 0..<4 { try stand.subject.submit(stand.request()) }
    for _ in 0..<stand.random.inside(1...6) {
      stand.subject.step()
      try stand.ask()
    }
    try stand.subject.kill()
  }

  /// What the new process publishes before its connection stands again is not heard.
  private static func restartUnheard(_ stand: FaultStand) throws {
    let watermark = stand.subject.published
    try stand.subject.kill()
    try stand.subject.start()
    stand.subject.passage = { _, _ in .lost }
    while stand.subject.published <= watermark {
      try stand.traffic(1, on: [stand.subject], asking: false)
    }
    stand.subject.passage = { _, _ in .sent }
  }
}

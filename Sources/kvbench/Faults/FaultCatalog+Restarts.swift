extension FaultCatalog {
  /// The engine's process ends and another one begins.
  static let restarts: [Fault] = [
    Fault(
      name: "restart-idle", summary: "engine killed while idle, started, stays idle", end: .exact
    ) { stand in
      try restart(stand)
      stand.faultIsOver()
      try stand.watch(milliseconds: 50)
    },
    Fault(
      name: "restart-idle-no-replay", summary: "the same without a replay endpoint, then traffic",
      end: .exact, setup: withoutReplay
    ) { stand in
      try restart(stand)
      try stand.watch(milliseconds: 200)
      stand.faultIsOver()
      try stand.traffic(4)
    },
    Fault(
      name: "restart-loaded", summary: "engine killed amid requests, started under load",
      end: .exact
    ) { stand in
      try killAmidRequests(stand)
      try stand.subject.start()
      stand.faultIsOver()
      try stand.traffic(10)
    },
    Fault(
      name: "restart-loaded-no-replay", summary: "the same without a replay endpoint",
      end: .either, setup: withoutReplay
    ) { stand in
      try killAmidRequests(stand)
      try stand.subject.start()
      stand.faultIsOver()
      try stand.traffic(10)
    },
    Fault(
      name: "restart-past-watermark",
      summary: "restarted so fast that its sequence has passed the old one when it is heard again",
      end: .exact
    ) { stand in
      try restartUnheard(stand)
      stand.faultIsOver()
      try stand.traffic(6)
    },
    Fault(
      name: "restart-past-watermark-no-replay", summary: "the same without a replay endpoint",
      end: .honest, setup: withoutReplay
    ) { stand in
      try restartUnheard(stand)
      stand.faultIsOver()
      try stand.traffic(6)
    },
    Fault(
      name: "restart-storm", summary: "five restarts in a row, requests in between", end: .exact
    ) { stand in
      for _ in 0..<5 {
        try killAmidRequests(stand)
        stand.pause(upToMilliseconds: 30)
        try stand.subject.start()
        try stand.traffic(stand.random.below(3))
      }
      stand.faultIsOver()
      try stand.traffic(3)
    },
  ]

  static var withoutReplay: Fault.Setup {
    var setup = Fault.Setup()
    setup.engine.hasReplay = false
    return setup
  }

  private static func restart(_ stand: FaultStand) throws {
    try stand.subject.kill()
    stand.pause(upToMilliseconds: 60)
    try stand.ask()
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

/// What engines publish, and what restarts.
extension FleetSimulation {
  mutating func publish(_ message: EngineMessage, _ engine: Int, now: UInt64) {
    guard policy.followsEvents else { return }
    messages[engine].append(message)
    queue.add(
      .received(
        engine: engine, incarnation: incarnations[engine], sequence: messages[engine].count - 1),
      at: now + scenario.eventDelayNanoseconds)
  }

  func receive(_ sequence: Int, _ engine: Int, _ incarnation: UInt32, now: UInt64) {
    guard incarnation == incarnations[engine] else { return }
    for (index, router) in routers.enumerated() {
      if isLost(sequence, engine, router: index) { continue }
      router.receive(
        sequence, of: messages[engine], incarnation: incarnation, engine: engine,
        replays: scenario.replaysLosses, now: now)
    }
  }

  func isLost(_ sequence: Int, _ engine: Int, router: Int) -> Bool {
    guard scenario.eventLoss > 0 else { return false }
    let place = UInt64(sequence) << 20 | UInt64(engine) << 8 | UInt64(router)
    let luck = SplitMix64.mix(SplitMix64.mix(seed ^ 4) &+ place)
    return Double(luck >> 11) * 0x1p-53 < scenario.eventLoss
  }

  // MARK: Restarts

  /// Ends an engine's process; its clients ask again for what had no first token yet.
  mutating func restartEngine(_ engine: Int, now: UInt64) {
    let lost = engines[engine].restart()
    incarnations[engine] += 1
    messages[engine] = []
    if policy.followsEvents {
      queue.add(
        .reconnected(engine: engine, incarnation: incarnations[engine]),
        at: now + scenario.eventDelayNanoseconds)
    }
    for request in lost {
      count(request, ahead: engine, by: -1)
      if let booking = booking(of: request) {
        routers[booking.router].lost(request, booking.decision)
      }
      bookings[request] = nil
    }
    for request in lost { arrive(request, now: now) }
  }

  mutating func restartRouters(now: UInt64) {
    guard !policy.isOmniscient else { return }
    life += 1
    startRouters(isComplete: scenario.recoversEvents)
    guard scenario.recoversEvents, policy.followsEvents else { return }
    for engine in engines.indices where !messages[engine].isEmpty {
      for router in routers {
        router.receive(
          messages[engine].count - 1, of: messages[engine], incarnation: incarnations[engine],
          engine: engine, replays: true, now: now)
      }
    }
  }
}

import Tokenize

/// What happens when a call fails, hesitates or is too late.
extension RenderState {
  /// Has the flight of a failed call go on with another renderer, wait for its rival, or end.
  mutating func fail(
    _ attempt: RenderAttempt, _ failure: RenderFailure, at now: UInt64,
    _ actions: inout [RenderAction]
  ) {
    guard var flight = flight(of: attempt) else { return }
    flight.outstanding[attempt.number] = nil
    flights[attempt.key] = flight
    if failure.kind == .refused {
      refuse(flight, attempt, failure, at: now, &actions)
    } else if !failure.isWorthRetrying || !retry(attempt.key, at: now, &actions),
      flight.outstanding.isEmpty
    {
      land(attempt, .failure(failure), at: now, &actions)
    }
  }

  /// Calls a second renderer, if there is one and someone waits; returns whether it does.
  @discardableResult
  mutating func retry(
    _ key: TokenCache.Key, at now: UInt64, _ actions: inout [RenderAction]
  ) -> Bool {
    guard !isStopping, let flight = flights[key], flight.tried.count == 1, !flight.waiters.isEmpty,
      let member = pool.pick(
        for: flight.request, excluding: flight.tried.first, at: now)
    else { return false }
    call(member, key, at: now, &actions)
    metrics.retries.add()
    return true
  }

  /// Ends the wait of all who sent the body that was refused.
  ///
  /// Equal keys mean equal tokens, not equal bodies: one with a bad temperature must not spoil the
  /// others, whose first is sent next.
  private mutating func refuse(
    _ flight: RenderFlight, _ attempt: RenderAttempt, _ failure: RenderFailure, at now: UInt64,
    _ actions: inout [RenderAction]
  ) {
    var innocent: [UInt64] = []
    for id in flight.waiters {
      if let body = waiters[id]?.request.body, body != flight.request.body {
        innocent.append(id)
      } else if let waiter = removeWaiter(id) {
        let origin: RenderOutcome.Origin = id == flight.starter ? .renderer : .shared
        actions.append(.complete(waiter, waiter.outcome(.failure(failure), origin, at: now)))
      }
    }
    guard let starter = innocent.first, let waiter = waiters[starter] else {
      flights[attempt.key] = nil
      return
    }
    flights[attempt.key] = RenderFlight(
      id: number(), starter: starter, request: waiter.request, waiters: innocent)
    if let member = pool.pick(for: waiter.request, at: now) {
      call(member, attempt.key, at: now, &actions)
    } else {
      end(innocent, of: attempt.key, pool.absence(for: waiter.request, at: now), at: now, &actions)
    }
  }

  private mutating func end(
    _ ids: [UInt64], of key: TokenCache.Key, _ failure: RenderFailure, at now: UInt64,
    _ actions: inout [RenderAction]
  ) {
    flights[key] = nil
    for waiter in ids.compactMap({ removeWaiter($0) }) {
      actions.append(.complete(waiter, waiter.outcome(.failure(failure), .renderer, at: now)))
    }
  }

  // MARK: Time

  /// Does what is due; returns when something is next.
  mutating func tick(at now: UInt64, _ actions: inout [RenderAction]) -> UInt64? {
    while let timer = timers.popDue(at: now) {
      switch timer {
      case .deadline(let id): expire(id, at: now, &actions)
      case .hesitation(let key, let flight): hesitate(key, flight, at: now, &actions)
      }
    }
    // Most requests end long before their deadline; what they leave behind must not pile up.
    if timers.count > 2 * (waiters.count + flights.count) + 1024 {
      let (waiters, flights) = (waiters, flights)
      timers.removeAll { timer in
        switch timer {
        case .deadline(let id): waiters[id] == nil
        case .hesitation(let key, let flight): flights[key]?.id != flight
        }
      }
    }
    if !isStopping {
      for member in pool.beginDueProbes(at: now) {
        actions.append(.probe(member.id, member.endpoint))
      }
    }
    return [timers.earliest, isStopping ? nil : pool.nextProbeAt].compactMap(\.self).min()
  }

  /// Ends a wait at its deadline; the call goes on for the others, and for the cache.
  private mutating func expire(
    _ id: UInt64, at now: UInt64, _ actions: inout [RenderAction]
  ) {
    guard let waiter = removeWaiter(id) else { return }
    var origin = RenderOutcome.Origin.shared
    if var flight = flights[waiter.key] {
      flight.waiters.removeAll { $0 == id }
      flights[waiter.key] = flight
      // Only the starter gave the renderer all its time; one that joined late is no measure.
      if flight.starter == id {
        origin = .renderer
        blameLate(flight, at: now, &actions)
      }
    }
    actions.append(
      .complete(waiter, waiter.outcome(.failure(.timedOut), origin, at: now)))
  }

  private mutating func hesitate(
    _ key: TokenCache.Key, _ id: UInt64, at now: UInt64, _ actions: inout [RenderAction]
  ) {
    guard let flight = flights[key], flight.id == id, !flight.outstanding.isEmpty,
      retry(key, at: now, &actions)
    else { return }
    blameLate(flight, at: now, &actions)
  }

  /// Blames the renderers of the calls under way of `flight`, once a call.
  private mutating func blameLate(
    _ flight: RenderFlight, at now: UInt64, _ actions: inout [RenderAction]
  ) {
    for (number, renderer) in flight.outstanding where blamed.insert(number).inserted {
      blame(renderer, .timedOut, flight.request.api, at: now, &actions)
    }
  }
}

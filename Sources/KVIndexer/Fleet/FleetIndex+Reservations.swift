/// Why a reservation could not be made.
public enum ReservationError: Error, Sendable, Equatable {
  case unknownEndpoint
  /// The endpoint has announced no block yet, and no block size is configured for it.
  case unknownBlockSize
  case tableFull
}

extension FleetIndex {
  /// Where blocks of an endpoint are named: what a prompt that it is to hold must be hashed for.
  public func namespace(ofEndpoint name: String) throws(ReservationError) -> PromptKeys.Namespace {
    guard let slot = endpointIndex(name), let endpoint = endpoints[slot] else {
      throw .unknownEndpoint
    }
    for id in endpoint.sources {
      guard let source = source(id) else { continue }
      if let size = source.blockSize ?? source.configuration.blockSize {
        return PromptKeys.Namespace(model: source.configuration.model, blockSize: size)
      }
    }
    throw .unknownBlockSize
  }

  /// Claims that `endpoint` will soon hold the full blocks of a prompt.
  ///
  /// - Parameters:
  ///   - name: The request's id; a claim of that name is replaced.
  ///   - lifetime: Nanoseconds; nil: what the observed lag of events suggests.
  /// - Returns: The claim's life in nanoseconds, and its blocks.
  public mutating func reserve(
    _ name: String, endpoint: String, prompt: borrowing PromptKeys, now: UInt64,
    lifetime: UInt64? = nil
  ) throws(ReservationError) -> (lifetime: UInt64, blocks: Int) {
    let namespace = try namespace(ofEndpoint: endpoint)
    guard let slot = endpointIndex(endpoint), let lane = endpoints[slot]?.reservationLane else {
      throw .unknownEndpoint
    }
    let keys = prompt.array(in: namespace)
    if isResident(keys, endpoint: slot) {
      // What is there already needs no claim, and tells nothing about the lag of events.
      reservations.counters.made += 1
      reservations.counters.confirmed += 1
      return (lifetime ?? reservations.lag.timeToLive, keys.count)
    }
    let expiry = reservations.make(name, lane: lane, keys: keys, now: now, lifetime: lifetime)
    guard let expiry else { throw .tableFull }
    return (expiry - now, keys.count)
  }

  private mutating func isResident(_ keys: [UInt64], endpoint: Int) -> Bool {
    for id in endpoints[endpoint]?.sources ?? [] {
      guard let source = source(id), source.trust.credits, let main = source.mainGroup,
        let lane = source.groups[main].lanes[.gpu]
      else { continue }
      index.match(keys, count: keys.count, into: &confirming)
      if !keys.isEmpty, confirming[lane] == keys.count { return true }
    }
    return false
  }

  /// Takes a claim back; false when there is none of that name (any more).
  public mutating func cancelReservation(_ name: String) -> Bool { reservations.cancel(name) }

  /// Ends the claims whose time is over.
  public mutating func expireReservations(now: UInt64) { reservations.expire(now: now) }

  /// Ends the claims on the source's endpoint whose blocks the source now holds.
  mutating func confirmReservations(of source: Source, now: UInt64) {
    guard reservations.count > 0, let endpoint = endpoint(of: source),
      let main = source.mainGroup, let lane = source.groups[main].lanes[.gpu]
    else { return }
    let names = reservations.names(on: endpoint.reservationLane)
    guard !names.isEmpty else { return }
    var arrived: [(madeAt: UInt64, name: String)] = []
    for name in names {
      guard let claim = reservations.claims[name] else { continue }
      let keys = reservations.keys(of: claim)
      index.match(keys, count: keys.count, into: &confirming)
      if confirming[lane] == keys.count { arrived.append((claim.madeAt, name)) }
    }
    // In the order in which they were made: the estimate of the lag depends on it.
    for (_, name) in arrived.sorted(by: <) { reservations.confirm(name, now: now) }
  }
}

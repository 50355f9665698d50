import KVIndexer

/// What tests ask the index for: macros can't look into a value that can't be copied.
extension FleetHarness {
  /// Figures of the prefix index.
  struct IndexFigures {
    var bytes: Int
    var liveBytes: Int
    var uniqueBlocks: Int
    var residencies: Int
    var evictedBlocks: Int
  }

  var index: IndexFigures {
    IndexFigures(
      bytes: fleet.index.bytes, liveBytes: fleet.index.liveBytes,
      uniqueBlocks: fleet.index.uniqueBlocks, residencies: fleet.index.residencies,
      evictedBlocks: fleet.index.evictedBlocks)
  }

  var sourceIDs: [SourceID] { fleet.sourceIDs }

  func status(_ source: SourceID) -> SourceStatus? { fleet.status(of: source) }

  func counters(_ source: SourceID) -> SourceCounters {
    fleet.status(of: source)?.counters ?? SourceCounters()
  }

  func trust(_ source: SourceID) -> Trust? { fleet.trust(of: source) }

  func namespaces(model: String) -> [PromptKeys.Namespace] { fleet.namespaces(model: model) }

  @discardableResult
  func beginIncarnation(_ incarnation: Incarnation, of source: SourceID) -> Int {
    fleet.beginIncarnation(incarnation, of: source)
  }

  func clear(_ source: SourceID) -> Int { fleet.clear(source) }

  // MARK: Reservations

  /// Reserves a prompt on an endpoint; returns the claim's life.
  @discardableResult
  func reserve(
    _ name: String, _ tokens: [TokenID], on endpoint: String = "a", now: UInt64 = 0,
    lifetime: UInt64? = nil
  ) throws(ReservationError) -> UInt64 {
    let namespace = try fleet.namespace(ofEndpoint: endpoint)
    let prompt = PromptKeys(
      tokens: tokens, lora: nil, extra: [], namespaces: [namespace], hasher: fleet.hasher)
    return try fleet.reserve(name, endpoint: endpoint, prompt: prompt, now: now, lifetime: lifetime)
      .lifetime
  }

  /// Tokens that claims would add to what the endpoint holds.
  func reserved(_ tokens: [TokenID], on endpoint: String = "a") -> Int? {
    match(tokens, on: endpoint)?.reservedTokens
  }

  func cancelReservation(_ name: String) -> Bool { fleet.cancelReservation(name) }

  func isReservationDue(now: UInt64) -> Bool { fleet.reservations.isDue(now: now) }

  var reservationCount: Int { fleet.reservations.count }

  var reservationCounters: ReservationTable.Counters { fleet.reservations.counters }

  var lag: LagEstimator { fleet.reservations.lag }
}

/// Losses, and why matches end.
extension FleetHarness {
  /// Chained keys of a prompt in the only namespace of its model.
  func keys(_ tokens: [TokenID], model: String = "m") -> [BlockKey] {
    let prompt = prompt(tokens, model: model)
    return (namespaces(model: model).first.map { prompt.array(in: $0) } ?? []).map { BlockKey($0) }
  }

  func keepTime(_ now: UInt64) { fleet.keepTime(now) }

  func remove(_ source: SourceID) { fleet.removeSource(source) }

  func loss(of key: BlockKey, _ source: SourceID, since: UInt64) -> BlockLoss? {
    fleet.loss(of: key, source: source, since: since)
  }

  var lossesReachBackTo: CoarseTime? { fleet.lossesReachBackTo }

  func holds(block number: Int, of keys: [BlockKey], _ source: SourceID) -> Bool {
    fleet.holds(block: number, of: keys.map(\.bits), source: source)
  }

  func explain(_ tokens: [TokenID], model: String = "m", extra: [UInt64] = [])
    -> [SourceExplanation]
  {
    var matches = FleetMatches()
    return fleet.explain(
      prompt(tokens, model: model, extra: extra), model: model, matches: &matches)
  }

  func consider(
    _ name: PromptNamespace, _ tokens: [TokenID], _ found: inout [SourceExplanation]
  ) {
    var matches = FleetMatches()
    let keys = prompt(tokens, model: name.model, lora: name.lora)
    fleet.consider(name, keys, in: &found, matches: &matches)
  }
}

/// Trust.
extension FleetHarness {
  func finding(_ source: SourceID) -> Trust.Finding? { fleet.finding(of: source) }

  func declareDead(_ source: SourceID) -> Bool { fleet.declareDead(source) }

  func takeDoubt(of source: SourceID) -> Bool { fleet.takeDoubt(of: source) }

  func dropSlice(of source: SourceID, blocksMax: Int) -> Int {
    fleet.dropSlice(of: source, blocksMax: blocksMax)
  }
}

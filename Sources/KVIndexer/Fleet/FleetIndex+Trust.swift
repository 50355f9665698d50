/// What decides how far a source can be believed, apart from its events.
extension FleetIndex {
  /// Parentless stores in a row that speak against the engine being the one that was followed.
  private static var doubtfulStores: Int { 3 }
  /// The time between two such doubts of one source, in seconds.
  private static var doubtPauseSeconds: Double { 300 }

  /// Records what the sequence tracker knows of a source's stream; its trust follows from it.
  public mutating func setStream(_ state: TrackerState, of id: SourceID) {
    guard let source = source(id) else { return }
    source.stream = state
    applied[id]?.note(state)
    switch state {
    case .connecting, .disconnected: break
    case .bootstrapping, .live: if source.finding == .dead { source.finding = nil }
    }
    outline(source)
  }

  /// What was found out about a source otherwise than from its events.
  public func finding(of id: SourceID) -> Trust.Finding? { source(id)?.finding }

  /// Records what was found out about a source otherwise than from its events; nil takes it back.
  public mutating func setFinding(_ finding: Trust.Finding?, of id: SourceID) {
    guard let source = source(id), source.finding != finding else { return }
    source.finding = finding
    outline(source)
  }

  /// Records whether another source is the same engine, so that neither can be credited.
  ///
  /// - Returns: Whether that is news.
  @discardableResult
  public mutating func setContested(_ isContested: Bool, of id: SourceID) -> Bool {
    guard let source = source(id), source.isContested != isContested else { return false }
    source.isContested = isContested
    outline(source)
    return true
  }

  /// Records that a source whose connection is down is gone for good, as far as can be seen.
  ///
  /// What it held is dropped with the next incarnation, which the caller has to begin.
  ///
  /// - Returns: Whether that is news of a source without a connection.
  public mutating func declareDead(_ id: SourceID) -> Bool {
    guard let source = source(id), source.finding != .dead else { return false }
    switch source.stream {
    case .bootstrapping, .live: return false
    case .connecting where source.groups.isEmpty: return false
    case .connecting, .disconnected: break
    }
    setFinding(.dead, of: id)
    return true
  }

  /// Records that what is known of a source is incomplete or wrong, until its cache is known anew.
  public mutating func degrade(_ cause: Trust.Degradation, of id: SourceID) {
    guard let source = source(id) else { return }
    source.damage(cause)
    outline(source)
  }

  /// Whether events of a source whose whole history is known speak against it being the same engine.
  ///
  /// An engine stores no block under a parent that it has not announced, so several such stores in a
  /// row are those of another engine. Says so once in a while, so that an engine that turns out to be
  /// the same is not doubted without end.
  public mutating func takeDoubt(of id: SourceID) -> Bool {
    guard let source = source(id), source.parentlessStores >= Self.doubtfulStores,
      case .live(.complete, _) = source.stream, source.damage == nil
    else { return false }
    source.parentlessStores = 0
    if let last = source.doubtedAt, last.seconds(until: index.clock) < Self.doubtPauseSeconds {
      return false
    }
    source.doubtedAt = index.clock
    return true
  }

  /// Starts a new life of the engine behind a source: drops all it held and fences its old events.
  ///
  /// The new process may keep its cache otherwise, so block size and groups are learnt again.
  ///
  /// - Returns: Residencies dropped.
  @discardableResult
  public mutating func beginIncarnation(_ incarnation: Incarnation, of id: SourceID) -> Int {
    guard let source = source(id) else { return 0 }
    source.incarnation = incarnation
    applied[id] = nil
    let dropped = clear(id, cause: .restarted)
    removeGroups(of: source)
    source.mismatch = nil
    source.isEmptying = false
    source.parentlessStores = 0
    switch source.finding {
    case .silent, .mismatched(.keys): source.finding = nil
    case .mismatched, .dead, nil: break
    }
    outline(source)
    return dropped
  }

  /// Drops part of what a source holds before a new incarnation begins, or before it is removed.
  ///
  /// In slices, so that readers of the index get their turns however large the cache is. Nothing of
  /// it is credited from the first one on.
  ///
  /// - Parameter blocksMax: Where a slice ends, at the next end of a run.
  /// - Returns: Residencies dropped; 0 when there are none left.
  public mutating func dropSlice(of id: SourceID, blocksMax: Int) -> Int {
    guard let source = source(id) else { return 0 }
    let isFirst = !source.isEmptying
    if isFirst {
      source.isEmptying = true
      outline(source)
    }
    for group in source.groups {
      for (_, lane) in group.lanes.all where index.blocks(of: lane) > 0 {
        let dropped = index.clear(
          lane, cause: .restarted, atMost: blocksMax, remembers: isFirst)
        source.emptied = Source.Emptied(cause: .restarted, at: index.clock)
        return dropped
      }
    }
    return 0
  }
}

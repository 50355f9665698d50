/// Everything known about which source holds which prefix: the index, and what leads into it.
///
/// Events of a source go through `apply`; prompts through `match`. Not thread-safe: one writer at a
/// time, or any number of readers of its non-mutating members.
public struct FleetIndex: ~Copyable {
  /// Hashes tokens into block keys; safe to copy and to use without the index.
  public let hasher: BlockHasher
  public internal(set) var index: PrefixIndex
  /// By `SourceID`.
  var sources: [Source?] = []
  var endpoints: [Endpoint?] = []
  /// What a match needs of each source, by `SourceID`; kept in step by `outline`.
  var outlines = GrowableBuffer<SourceOutline>(capacity: 64)
  /// Names of models; a model's number is its position plus one, and 0 stands for none.
  var models: [String] = []
  /// The owner of each lane, by `LaneID`.
  var owners: [Source?] = []
  public internal(set) var reservations = ReservationTable()
  /// Chained keys of the run that is being stored.
  var chained = GrowableBuffer<UInt64>(capacity: 256)
  var namespaceTable = NamespaceTable()
  /// How far the stream of each source is applied.
  var applied: [SourceID: AppliedStream] = [:]
  /// Sources of a snapshot that were not added yet.
  var parked: [SourceState] = []
  /// Of these the ones that nobody has claimed in time, while their blocks are dropped.
  var leaving: [SourceState] = []
  /// Working memory of the confirmation of reservations.
  var confirming = MatchBuffer()

  /// One routable model server and its sources.
  struct Endpoint {
    let name: String
    var sources: [SourceID] = []
    let reservationLane: LaneID
  }

  /// An empty index.
  ///
  /// - Parameter byteBudget: Bytes that block storage may take; reaching it evicts, and degrades
  ///   the sources that lose blocks.
  public init(hasher: BlockHasher = BlockHasher(), byteBudget: Int = 2 << 30) {
    self.hasher = hasher
    index = PrefixIndex(byteBudget: byteBudget)
  }

  /// Adds a source, not connected yet.
  public mutating func addSource(_ configuration: SourceConfiguration) -> SourceID {
    let endpoint = endpoint(named: configuration.endpoint)
    let slot = sources.firstIndex { $0 == nil } ?? sources.count
    if !configuration.model.isEmpty, !models.contains(configuration.model) {
      models.append(configuration.model)
    }
    let source = Source(
      id: SourceID(slot), configuration: configuration,
      model: number(ofModel: configuration.model), endpoint: endpoint.slot,
      reservationLane: endpoint.lane, now: index.clock)
    if slot == sources.count { sources.append(source) } else { sources[slot] = source }
    endpoints[endpoint.slot]?.sources.append(source.id)
    adopt(source)
    outline(source)
    return source.id
  }

  /// Removes a source and all that it holds; its id may be given to another one.
  public mutating func removeSource(_ id: SourceID) {
    guard let source = source(id) else { return }
    retireSource(id)
    removeGroups(of: source)
    applied[id] = nil
    sources[id.index] = nil
  }

  /// Stops answering for a source of which events may still be on their way.
  ///
  /// Its id is kept until `removeSource`, so that those events reach no other source.
  public mutating func retireSource(_ id: SourceID) {
    guard let source = source(id), let slot = source.endpoint else { return }
    source.endpoint = nil
    endpoints[slot]?.sources.removeAll { $0 == id }
    if let endpoint = endpoints[slot], endpoint.sources.isEmpty {
      reservations.removeLane(endpoint.reservationLane)
      endpoints[slot] = nil
    }
    outline(source)
  }

  mutating func removeGroups(of source: Source) {
    removeLanes(of: source.groups)
    source.groups = []
  }

  mutating func removeLanes(of groups: [CacheGroup]) {
    for group in groups {
      for (tier, lane) in group.lanes.all {
        if group.needsPath(tier) { index.continuationLanes -= 1 }
        index.removeLane(lane)
        if lane.index < owners.count { owners[lane.index] = nil }
      }
    }
  }

  func source(_ id: SourceID) -> Source? {
    id.index >= 0 && id.index < sources.count ? sources[id.index] : nil
  }

  func endpoint(of source: Source) -> Endpoint? { source.endpoint.flatMap { endpoints[$0] } }

  func endpointIndex(_ name: String) -> Int? { endpoints.firstIndex { $0?.name == name } }

  /// The endpoint of this name, added if it is new.
  private mutating func endpoint(named name: String) -> (slot: Int, lane: LaneID) {
    if let slot = endpointIndex(name), let endpoint = endpoints[slot] {
      return (slot, endpoint.reservationLane)
    }
    let endpoint = Endpoint(name: name, reservationLane: reservations.addLane())
    let slot = endpoints.firstIndex { $0 == nil } ?? endpoints.count
    if slot == endpoints.count { endpoints.append(endpoint) } else { endpoints[slot] = endpoint }
    return (slot, endpoint.reservationLane)
  }

  /// Drops every block of a source, in all tiers, and what waits for blocks of it.
  ///
  /// - Parameter cause: What is remembered as the reason.
  /// - Returns: Residencies dropped.
  /// - Complexity: O(blocks of the source).
  @discardableResult
  public mutating func clear(_ id: SourceID, cause: BlockLoss.Cause = .cleared) -> Int {
    guard let source = source(id) else { return 0 }
    var dropped = 0
    for number in source.groups.indices {
      for (_, lane) in source.groups[number].lanes.all {
        dropped += index.clear(lane, cause: cause)
      }
      source.groups[number].scope = HashScope(duplicates: source.configuration.duplicates)
      source.groups[number].pending = [:]
    }
    source.orphans.removeAll()
    source.tally = BlockTally()
    source.damage = nil
    source.knownSince = index.clock
    if dropped > 0 { source.emptied = Source.Emptied(cause: cause, at: index.clock) }
    if let endpoint = endpoint(of: source) { reservations.drop(endpoint.reservationLane) }
    outline(source)
    return dropped
  }

  /// Drops what a source holds because its cache is said to be empty now, by the engine or by
  /// whoever had it emptied.
  ///
  /// Neither says whether lower tiers were emptied too: where there were any, the source is
  /// `degraded(unprovenTier)` afterwards.
  ///
  /// - Returns: Residencies dropped.
  @discardableResult
  public mutating func empty(_ id: SourceID) -> Int {
    guard let source = source(id) else { return 0 }
    let hadLowerTiers = source.groups.contains { $0.hasLowerTiers(in: index) }
    let dropped = clear(id)
    if hadLowerTiers { degrade(.unprovenTier, of: id) }
    return dropped
  }

  /// The lane of a group and tier, made on first use.
  mutating func lane(_ source: Source, _ group: Int, _ tier: Tier) -> LaneID {
    if let lane = source.groups[group].lanes[tier] { return lane }
    let lane = index.addLane()
    if source.groups[group].spec.kind == .full { index.rememberLosses(of: lane, source.id, tier) }
    source.groups[group].lanes[tier] = lane
    source.isOutlined = false
    while owners.count <= lane.index { owners.append(nil) }
    owners[lane.index] = source
    if source.groups[group].needsPath(tier) { index.continuationLanes += 1 }
    return lane
  }
}

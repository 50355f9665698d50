/// What a source is, by configuration: never by what its events claim.
public struct SourceConfiguration: Sendable, Equatable {
  /// The endpoint whose cache the events describe.
  public var endpoint: String
  /// The model that it serves; empty when it was not configured.
  public var model: String
  /// The data-parallel rank.
  public var rank: Int
  /// Tokens a block as the operator believes; compared with the events, never obeyed.
  public var blockSize: Int?
  public var duplicates: HashScope.DuplicateRule

  /// A source of `endpoint`.
  public init(
    endpoint: String, model: String = "", rank: Int = 0, blockSize: Int? = nil,
    duplicates: HashScope.DuplicateRule = .counted
  ) {
    self.endpoint = endpoint
    self.model = model
    self.rank = rank
    self.blockSize = blockSize
    self.duplicates = duplicates
  }
}

/// What happened to a source's events, in events or blocks as the names say; only ever growing.
public struct SourceCounters: Sendable, Equatable {
  public var storedEvents = 0
  public var removedEvents = 0
  public var clearedEvents = 0
  public var storedBlocks = 0
  public var copiedBlocks = 0
  public var removedBlocks = 0
  /// Removals of blocks that were not held: repeats after a replay, or unseen history.
  public var unknownRemovals = 0
  public var orphansParked = 0
  public var orphansResolved = 0
  public var orphansDropped = 0
  /// Stores whose tokens do not fill their blocks.
  public var unpairedStores = 0
  public var unknownMedia = 0
  /// Batches of an engine process that is gone, dropped when they were applied.
  public var fencedBatches = 0
  public var evictedBlocks = 0
  /// How often its trust became another one.
  public var trustChanges = 0

  /// Nothing has happened yet.
  public init() {}
}

/// The state of one source inside the fleet index, which is its only owner.
final class Source {
  let id: SourceID
  let configuration: SourceConfiguration
  /// The model's number, see `FleetIndex.models`.
  let model: Int
  /// The endpoint's lane among the reservations.
  let reservationLane: LaneID
  /// Where its endpoint is among the index's; nil once the source is retired.
  var endpoint: Int?
  var incarnation = Incarnation(0)
  var stream = TrackerState.connecting
  /// Whether what it held is being dropped, slice by slice.
  var isEmptying = false { didSet { isOutlined = false } }
  /// Stores in a row whose parent was not known.
  var parentlessStores = 0
  /// When such a row last spoke against the engine being the one that was followed.
  var doubtedAt: CoarseTime?
  /// Whether the index's outline of the source is up to date.
  var isOutlined = false
  var groups: [CacheGroup] = []
  var orphans = Orphanage()
  var roots: [RootName: Root] = [:]
  var counters = SourceCounters()
  /// Of what its cache holds since it is followed.
  var tally = BlockTally()
  let addedAt: CoarseTime
  /// Since when nothing but its events decided what it holds: it was added, or emptied.
  var knownSince: CoarseTime
  /// When it last lost all it held, and why.
  var emptied: Emptied?
  /// Since when its trust is what it is.
  var trustSince: CoarseTime
  /// Conditions of ours that end with the cache they belong to.
  var damage: Trust.Degradation? { didSet { isOutlined = false } }
  var mismatch: Trust.Mismatch? { didSet { isOutlined = false } }
  /// Whether another source is the same engine.
  var isContested = false { didSet { isOutlined = false } }
  /// What was found out otherwise than from its events.
  var finding: Trust.Finding? { didSet { isOutlined = false } }

  struct RootName: Hashable {
    var adapter: String?
    var blockSize: Int
  }

  /// The root of a namespace of its blocks, and what the namespace is called without and with extra
  /// keys in the first block.
  struct Root {
    var key: BlockKey
    var plain: NamespaceID
    var salted: NamespaceID
  }

  struct Emptied {
    var cause: BlockLoss.Cause
    var at: CoarseTime
  }

  init(
    id: SourceID, configuration: SourceConfiguration, model: Int, endpoint: Int,
    reservationLane: LaneID, now: CoarseTime
  ) {
    addedAt = now
    knownSince = now
    trustSince = now
    self.id = id
    self.configuration = configuration
    self.model = model
    self.endpoint = endpoint
    self.reservationLane = reservationLane
  }

  /// Notes that something of this cache is not known; the first cause stays.
  func damage(_ cause: Trust.Degradation) {
    if damage == nil { damage = cause }
  }

  /// The position of an event's group, made when the group is first named.
  func group(of event: KVEvent) -> Int {
    let number = event.group ?? 0
    if let known = groups.firstIndex(where: { $0.number == number }) { return known }
    var group = CacheGroup(number: number, duplicates: configuration.duplicates)
    if let spec = event.spec { group.spec = spec }
    if group.spec.kind == .unknown { mismatch = .cacheGroups }
    groups.append(group)
    isOutlined = false
    return groups.count - 1
  }

  /// Learns the block size of a group; false when it contradicts what was learnt of it.
  func learn(blockSize: Int, group: Int) -> Bool {
    if let known = groups[group].blockSize {
      if known != blockSize { mismatch = .blockSize }
      return known == blockSize
    }
    if groups.contains(where: { ($0.blockSize ?? blockSize) != blockSize }) {
      mismatch = .blockSize
    }
    groups[group].blockSize = blockSize
    isOutlined = false
    return true
  }

  /// The group whose blocks carry positions.
  var mainGroup: Int? { groups.firstIndex { $0.spec.kind == .full && $0.blockSize != nil } }
  var blockSize: Int? { mainGroup.flatMap { groups[$0].blockSize } }

  /// Why the source can't be matched: only full groups say where in a prompt a block is.
  private var unmatchable: Trust.Mismatch? {
    if let mismatch { return mismatch }
    let hasFullGroup = groups.isEmpty || groups.contains { $0.spec.kind == .full }
    return hasFullGroup ? nil : .cacheGroups
  }

  /// What was found out about a source that is connected.
  private var found: Trust? {
    switch finding {
    case .silent: .silent
    case .mismatched(let cause): .mismatched(cause)
    case .dead, nil: nil
    }
  }

  var trust: Trust {
    switch stream {
    case .connecting, .disconnected: return finding == .dead ? .dead : .connecting
    case .bootstrapping: return found ?? .bootstrapping
    case .live(let history, let isReplaying):
      if isEmptying { return .bootstrapping }
      if isContested { return .mismatched(.identity) }
      if let unmatchable { return .mismatched(unmatchable) }
      if let found { return found }
      if case .incomplete(let cause) = history { return .degraded(Trust.Degradation(cause)) }
      if let damage { return .degraded(damage) }
      if isReplaying { return .lagging }
      return orphans.isEmpty ? .exact : .degraded(.orphans)
    }
  }
}

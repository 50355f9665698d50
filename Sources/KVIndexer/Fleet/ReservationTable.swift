/// Claims that endpoints will hold prompts soon, in a layer apart from confirmed residency.
///
/// A request that was just sent to an endpoint is not in any event yet, but the next one with the
/// same prefix should follow it. A claim covers the full blocks of one prompt; claims are kept in a
/// small prefix index of their own whose copies count, so that two requests that claim the same
/// blocks do not shorten each other.
public struct ReservationTable: ~Copyable {
  /// One claim.
  struct Reservation {
    var holding: HoldingID
    var madeAt: UInt64
    var expiresAt: UInt64
  }

  /// The blocks of one prompt in a lane; keys are chained, so the last one stands for all.
  struct HoldingID: Hashable {
    var lane: LaneID
    var lastKey: UInt64
    var count: Int
  }

  /// What equal claims hold together: a burst of one prompt is stored once.
  private struct Holding {
    var keys: [UInt64]
    var claims: Int
  }

  /// What became of claims.
  public struct Counters: Sendable, Equatable {
    public var made = 0
    public var confirmed = 0
    public var expired = 0
    public var cancelled = 0
    /// Claims dropped because the endpoint's cache was cleared or its engine restarted.
    public var dropped = 0
    /// Claims not made because the table was full.
    public var refused = 0

    /// Nothing has happened yet.
    public init() {}
  }

  /// Claims at a time, and blocks over all of them.
  public static let claimsMax = 65_536
  public static let blocksMax = 4 << 20

  var index = PrefixIndex(byteBudget: 256 << 20)
  private var scopes: [HashScope] = []
  private(set) var claims: [String: Reservation] = [:]
  private var holdings: [HoldingID: Holding] = [:]
  private var claimsByLane: [Set<String>] = []
  private var blocks = 0
  /// No claim expires before this.
  private var earliestExpiry = UInt64.max
  public internal(set) var counters = Counters()
  public internal(set) var lag = LagEstimator()

  /// An empty table.
  public init() {}

  /// Claims at this moment.
  public var count: Int { claims.count }

  mutating func addLane() -> LaneID {
    let lane = index.addLane()
    while scopes.count <= lane.index {
      scopes.append(HashScope(duplicates: .counted))
      claimsByLane.append([])
    }
    return lane
  }

  mutating func removeLane(_ lane: LaneID) {
    drop(lane)
    index.removeLane(lane)
  }

  /// Claims `keys` for `lane`; a claim of the same name is replaced.
  ///
  /// - Returns: When the claim expires; nil when the table is full.
  mutating func make(
    _ name: String, lane: LaneID, keys: [UInt64], now: UInt64, lifetime: UInt64?
  ) -> UInt64? {
    if claims[name] != nil, take(name) { counters.cancelled += 1 }
    let holding = HoldingID(lane: lane, lastKey: keys.last ?? 0, count: keys.count)
    let isHeld = holdings[holding] != nil
    guard claims.count < Self.claimsMax, isHeld || blocks + keys.count <= Self.blocksMax else {
      counters.refused += 1
      return nil
    }
    let expiry = now &+ (lifetime ?? lag.timeToLive)
    if !isHeld {
      index.store(
        lane, scope: &scopes[lane.index], parent: .root(BlockKey(0)), keys: keys,
        hashes: keys.map { EngineHash($0) }, count: keys.count)
      blocks += keys.count
    }
    holdings[holding, default: Holding(keys: keys, claims: 0)].claims += 1
    claims[name] = Reservation(holding: holding, madeAt: now, expiresAt: expiry)
    claimsByLane[lane.index].insert(name)
    earliestExpiry = min(earliestExpiry, expiry)
    counters.made += 1
    return expiry
  }

  /// Takes a claim back; false when there is none of that name.
  mutating func cancel(_ name: String) -> Bool {
    guard take(name) else { return false }
    counters.cancelled += 1
    return true
  }

  /// Ends a claim because its blocks have arrived.
  mutating func confirm(_ name: String, now: UInt64) {
    guard let claim = claims[name], take(name) else { return }
    // A prompt below one block is in no event, so any event confirms it: it says nothing of lags.
    if claim.holding.count > 0 { lag.observe(now &- claim.madeAt) }
    counters.confirmed += 1
  }

  /// Ends the claims whose time is over.
  mutating func expire(now: UInt64) {
    guard isDue(now: now) else { return }
    for (name, claim) in claims where claim.expiresAt <= now {
      if take(name) { counters.expired += 1 }
    }
    earliestExpiry = claims.values.reduce(.max) { min($0, $1.expiresAt) }
  }

  /// Whether `expire` may have something to do.
  public func isDue(now: UInt64) -> Bool { earliestExpiry <= now }

  /// Ends every claim on `lane`: what they claimed was cleared.
  mutating func drop(_ lane: LaneID) {
    for name in claimsByLane[lane.index] where take(name) { counters.dropped += 1 }
  }

  /// Names of the claims on `lane`.
  func names(on lane: LaneID) -> Set<String> { claimsByLane[lane.index] }

  /// The blocks that a claim is about.
  func keys(of claim: Reservation) -> [UInt64] { holdings[claim.holding]?.keys ?? [] }

  private mutating func take(_ name: String) -> Bool {
    guard let claim = claims.removeValue(forKey: name) else { return false }
    let lane = claim.holding.lane
    claimsByLane[lane.index].remove(name)
    holdings[claim.holding]?.claims -= 1
    guard let holding = holdings[claim.holding], holding.claims == 0 else { return true }
    holdings[claim.holding] = nil
    blocks -= holding.keys.count
    for key in holding.keys.reversed() {
      index.remove(lane, scope: &scopes[lane.index], hash: EngineHash(key))
    }
    return true
  }
}

/// How long events take to confirm a claim, and so how long a claim should live.
///
/// The estimator of TCP's retransmission timer (RFC 6298): a smoothed mean and mean deviation of
/// the observed delays, all on one monotonic clock.
public struct LagEstimator: Sendable {
  /// Nanoseconds: the bounds of a time to live, and the value before anything was observed.
  public static let floor: UInt64 = 1_000_000_000
  public static let ceiling: UInt64 = 30_000_000_000
  public static let initial: UInt64 = 2_000_000_000

  private var mean: Double?
  private var deviation = 0.0

  /// No delay has been observed yet.
  public init() {}

  /// Nanoseconds, on average; nil before the first observation.
  public var meanNanoseconds: Double? { mean }

  mutating func observe(_ nanoseconds: UInt64) {
    let delay = Double(nanoseconds)
    guard let mean else {
      self.mean = delay
      deviation = delay / 2
      return
    }
    deviation += (abs(delay - mean) - deviation) / 4
    self.mean = mean + (delay - mean) / 8
  }

  /// Nanoseconds that a claim made now should live.
  public var timeToLive: UInt64 {
    guard let mean else { return Self.initial }
    // Claims are confirmed at the end of a prefill, whose length varies more than a network's delay.
    return UInt64(min(max(2 * mean + 8 * deviation, Double(Self.floor)), Double(Self.ceiling)))
  }
}

/// A block that a source does not hold any more.
public struct BlockLoss: Sendable, Equatable {
  /// Why.
  public enum Cause: UInt8, Sendable, CaseIterable {
    /// The engine said that it removed the block.
    case evicted
    /// The engine emptied its cache.
    case cleared
    /// The engine's process is another one.
    case restarted
    /// We dropped it, to keep the index within its byte budget.
    case budget
  }

  public var source: SourceID
  public var key: BlockKey
  public var tier: Tier
  public var cause: Cause
  public var at: CoarseTime
}

/// Whose losses a lane's are: a source and a tier, or nobody's.
struct LossOwner: BitwiseCopyable {
  fileprivate var bits: UInt32

  static var nobody: LossOwner { LossOwner(bits: .max) }

  init(_ source: SourceID, _ tier: Tier) {
    bits = UInt32(truncatingIfNeeded: source.index) << 4 | UInt32(tier.rawValue) << 2
  }

  private init(bits: UInt32) { self.bits = bits }

  @inline(__always)
  var isNobody: Bool { bits == .max }
}

/// Which blocks were lost lately, by whom, when and why: a ring that forgets the oldest.
///
///     entry, 16 bytes:  │ block key, 8 │ time, 4 │ source, 28 bits │ tier, 2 │ cause, 2 │
///
/// An append is one store of 16 bytes and nothing else; people ask rarely, so asking is a scan from
/// the newest entry back. There is one ring for the whole fleet: a source that loses much shortens
/// the memory of the others, and `oldest` says how far it reaches.
struct LossLog: ~Copyable {
  struct Entry: BitwiseCopyable {
    var key: UInt64
    var at: CoarseTime
    var owner: UInt32
  }

  private let memory: ReservedMemory<Entry>
  private var next = 0
  private(set) var appended = 0

  /// - Parameter entriesMax: At least 1.
  init(entriesMax: Int) { memory = ReservedMemory(capacity: entriesMax) }

  var count: Int { min(appended, memory.capacity) }

  /// Whether entries were forgotten.
  var isFull: Bool { appended > memory.capacity }

  @inline(__always)
  mutating func append(
    _ key: UInt64, _ owner: LossOwner, _ cause: BlockLoss.Cause, _ at: CoarseTime
  ) {
    memory.base[next] = Entry(key: key, at: at, owner: owner.bits | UInt32(cause.rawValue))
    next &+= 1
    if next == memory.capacity { next = 0 }
    appended &+= 1
  }

  /// When the oldest entry was made; nil without any.
  var oldest: CoarseTime? {
    if appended == 0 { return nil }
    return memory.base[isFull ? next : 0].at
  }

  /// Calls `body` with the losses of some keys since a moment, the newest first, until it is false.
  ///
  /// - Parameter keys: A filter that lets through all losses of these keys, and few others.
  /// - Complexity: O(losses since `since`).
  func scan(_ keys: KeyFilter, since: CoarseTime, _ body: (BlockLoss) -> Bool) {
    var place = next
    for _ in 0..<count {
      place = place == 0 ? memory.capacity - 1 : place - 1
      let entry = memory.base + place
      if entry.pointee.at < since { return }
      guard keys.mayContain(entry.pointee.key) else { continue }
      if !body(Self.loss(entry.pointee)) { return }
    }
  }

  private static func loss(_ entry: Entry) -> BlockLoss {
    BlockLoss(
      source: SourceID(Int(entry.owner >> 4)), key: BlockKey(entry.key),
      tier: Tier(rawValue: UInt8(entry.owner >> 2 & 3)) ?? .gpu,
      cause: BlockLoss.Cause(rawValue: UInt8(entry.owner & 3)) ?? .evicted, at: entry.at)
  }

  /// A set of few keys in one word: a bit for each by its last six bits.
  struct KeyFilter: BitwiseCopyable {
    private var bits: UInt64 = 0

    mutating func insert(_ key: BlockKey) { bits |= 1 << (key.bits & 63) }

    @inline(__always)
    func mayContain(_ key: UInt64) -> Bool { bits >> (key & 63) & 1 != 0 }
  }
}

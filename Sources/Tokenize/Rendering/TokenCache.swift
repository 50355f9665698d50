/// Remembers what prompts render to, so that a repeated one costs no call.
///
/// Entries are found by a keyed hash; no text is kept. The bytes they take are bounded: the entry
/// that was not used for longest goes first. An entry also ends with its age, because a renderer
/// may come back with another chat template.
///
///     slots   ┌────┬────┬────┬────┐     a doubly linked list through the slots,
///             │ 2  │ 0  │ 1  │free│     newest ◀─▶ … ◀─▶ oldest
///             └────┴────┴────┴────┘
///     places  key → slot
public struct TokenCache: Sendable {
  /// Names an entry.
  public struct Key: Hashable, Sendable {
    public var render: RenderKey
    /// Tells models apart whose requests may be equal.
    public var scope: UInt64

    public init(_ render: RenderKey, scope: UInt64) {
      self.render = render
      self.scope = scope
    }
  }

  /// What happened so far, and what is held now.
  public struct Statistics: Equatable, Sendable {
    public var hits = 0
    public var misses = 0
    /// Entries that made room for others.
    public var evictions = 0
    public var entries = 0
    /// An estimate of the memory in use, allocations' headers included.
    public var bytes = 0
  }

  private struct Slot {
    var key: Key
    var prompts: [RenderedPrompt]
    var bytes: Int
    var expiresAt: UInt64
    var newer: Int
    var older: Int
  }

  private static let none = -1
  /// A slot, its place in the table at the usual load, and the headers of the arrays.
  private static let entryBytes = 192

  public private(set) var statistics = Statistics()
  private let bytesMax: Int
  private let ageMaxNanoseconds: UInt64
  private var slots: [Slot] = []
  private var places: [Key: Int] = [:]
  private var free: [Int] = []
  private var newest = none
  private var oldest = none

  /// An empty cache.
  ///
  /// - Parameters:
  ///   - bytesMax: Zero keeps nothing.
  ///   - ageMax: How long an entry is believed.
  public init(bytesMax: Int, ageMax: Duration) {
    self.bytesMax = bytesMax
    ageMaxNanoseconds = ageMax.wholeNanoseconds
  }

  /// The prompts of `key`, which becomes the newest entry.
  ///
  /// - Complexity: O(1); the arrays are shared, not copied.
  public mutating func find(_ key: Key, at now: UInt64) -> [RenderedPrompt]? {
    guard let place = places[key] else {
      statistics.misses += 1
      return nil
    }
    guard slots[place].expiresAt > now else {
      remove(place)
      statistics.misses += 1
      return nil
    }
    statistics.hits += 1
    if place != newest {
      unlink(place)
      linkAsNewest(place)
    }
    return slots[place].prompts
  }

  /// Remembers `prompts`; what is too large for the whole cache is not kept.
  public mutating func insert(_ key: Key, _ prompts: [RenderedPrompt], at now: UInt64) {
    if let place = places[key] { remove(place) }
    let bytes = Self.bytes(of: prompts)
    guard bytes <= bytesMax else { return }
    while statistics.bytes + bytes > bytesMax {
      remove(oldest)
      statistics.evictions += 1
    }
    let slot = Slot(
      key: key, prompts: prompts, bytes: bytes, expiresAt: now + ageMaxNanoseconds,
      newer: Self.none, older: Self.none)
    let place = free.popLast() ?? slots.count
    if place == slots.count { slots.append(slot) } else { slots[place] = slot }
    places[key] = place
    linkAsNewest(place)
    statistics.bytes += bytes
    statistics.entries += 1
  }

  /// Forgets every entry.
  public mutating func removeAll() {
    slots = []
    places = [:]
    free = []
    newest = Self.none
    oldest = Self.none
    statistics.bytes = 0
    statistics.entries = 0
  }

  private mutating func remove(_ place: Int) {
    unlink(place)
    places[slots[place].key] = nil
    statistics.bytes -= slots[place].bytes
    statistics.entries -= 1
    slots[place].prompts = []
    free.append(place)
  }

  private mutating func linkAsNewest(_ place: Int) {
    slots[place].newer = Self.none
    slots[place].older = newest
    if newest != Self.none { slots[newest].newer = place }
    newest = place
    if oldest == Self.none { oldest = place }
  }

  private mutating func unlink(_ place: Int) {
    let newer = slots[place].newer
    let older = slots[place].older
    if newer == Self.none { newest = older } else { slots[newer].older = older }
    if older == Self.none { oldest = newer } else { slots[older].newer = newer }
  }

  private static func bytes(of prompts: [RenderedPrompt]) -> Int {
    var bytes = entryBytes
    for prompt in prompts {
      bytes += MemoryLayout<RenderedPrompt>.stride + 32
      bytes += prompt.tokens.capacity * MemoryLayout<UInt32>.stride
      bytes += prompt.cacheSalt?.utf8.count ?? 0
      for feature in prompt.features {
        bytes += MemoryLayout<PromptFeature>.stride
        bytes += feature.modality.utf8.count + feature.hash.utf8.count
      }
    }
    return bytes
  }
}

/// A dictionary of bounded size that forgets what was set longest ago.
///
/// Entries lie in slots that are chained from the oldest to the newest, so that setting one, old or
/// new, takes constant time; an entry that is forgotten leaves its slot to the one that took its
/// place. Reading does not count as use.
struct RecencyTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Slot: Sendable {
    var key: Key
    var value: Value
    /// When it was set last, in settings of the table.
    var tick: UInt64
    var older: Int
    var newer: Int
  }

  private static var none: Int { -1 }

  let capacity: Int
  private var slots: [Slot] = []
  private var places: [Key: Int] = [:]
  private var oldest = none
  private var newest = none
  private var tick: UInt64 = 0

  /// An empty table; `capacity` is at least 1.
  init(capacity: Int) { self.capacity = max(capacity, 1) }

  var count: Int { slots.count }

  subscript(key: Key) -> Value? { places[key].map { slots[$0].value } }

  /// Orders keys by when they were set last: larger is later; nil for one that is not there.
  func age(of key: Key) -> UInt64? { places[key].map { slots[$0].tick } }

  /// Makes an entry the newest.
  ///
  /// - Returns: What was forgotten for it.
  @discardableResult mutating func set(_ key: Key, to value: Value) -> Value? {
    tick += 1
    if let place = places[key] {
      unlink(place)
      slots[place].value = value
      slots[place].tick = tick
      append(place)
      return nil
    }
    let slot = Slot(key: key, value: value, tick: tick, older: Self.none, newer: Self.none)
    guard slots.count >= capacity else {
      slots.append(slot)
      places[key] = slots.count - 1
      append(slots.count - 1)
      return nil
    }
    let place = oldest
    let forgotten = slots[place].value
    unlink(place)
    places[slots[place].key] = nil
    slots[place] = slot
    places[key] = place
    append(place)
    return forgotten
  }

  private mutating func unlink(_ place: Int) {
    let (older, newer) = (slots[place].older, slots[place].newer)
    if older == Self.none { oldest = newer } else { slots[older].newer = newer }
    if newer == Self.none { newest = older } else { slots[newer].older = older }
  }

  private mutating func append(_ place: Int) {
    slots[place].older = newest
    slots[place].newer = Self.none
    if newest == Self.none { oldest = place } else { slots[newest].newer = place }
    newest = place
  }
}

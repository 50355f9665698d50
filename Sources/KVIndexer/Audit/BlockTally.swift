/// How many of the blocks that an engine caches are known, by nothing but its events.
///
/// An engine has `C` physical blocks in its first tier, and of those it caches `n(t)`. Of these
/// `k(t)` are known: each was announced since the events are followed complete, and not removed.
/// The rest, `u = n − k`, was cached before. Copies are blocks of their own.
///
/// - A store makes `n` and `k` larger alike, and so does the removal of a known block make them
///   smaller. Only a removal of a block that is not known changes `u`: it is one less.
/// - At any moment `s` there is no more cached than there is room: `u(s) ≤ C − k(s)`.
///
/// With `g(t)` such removals until `t`, therefore, for every `s ≤ t`:
///
///     u(t) = u(s) − (g(t) − g(s)) ≤ C − g(t) − (k(s) − g(s))
///
/// The best bound comes from the moment when `k − g` was largest. It is 0 at the latest when the
/// cache was once full of blocks that are known, and never below: an engine of which more is known
/// than it has room for is another one than its events say. An engine that tells all that it caches
/// gives a better one: from then on `u` is 0, whatever its room.
public struct BlockTally: Sendable, Equatable {
  /// Blocks of the first tier that are known: copies, and blocks without a place, included.
  public private(set) var known = 0
  /// Removals of blocks that were not known.
  private var gone = 0
  /// The largest `known − gone` so far.
  private var peak = 0
  /// Bounds what is not known without a capacity; nil until the engine has told what it caches.
  private var untold: Int?

  /// Nothing is known yet.
  public init() {}

  mutating func stored(_ count: Int) {
    known += count
    peak = max(peak, known - gone)
  }

  mutating func removed(isKnown: Bool) {
    if isKnown {
      known -= 1
    } else {
      gone += 1
      untold = untold.map { max($0 - 1, 0) }
    }
  }

  /// Takes note of blocks that were cached, but could not be kept in mind.
  mutating func missed(_ count: Int) {
    gone -= count
    untold = untold.map { $0 + count }
  }

  /// Takes known blocks out: they are about to be counted anew, as stored or as missed.
  mutating func recount(_ count: Int) { known -= count }

  /// Takes note that the engine has told all that it caches, and that is what is known now.
  mutating func settle() {
    gone = 0
    peak = known
    untold = 0
  }

  /// How many blocks may be cached that are not known, in an engine with room for `capacity`.
  ///
  /// - Returns: Nil where that contradicts the events: there is not so little room.
  public func unknownMax(capacity: Int) -> Int? {
    let bound = capacity - gone - peak
    return bound < 0 ? nil : min(bound, untold ?? bound)
  }
}

/// What an engine would have delivered for one prompt, from its start until now.
///
/// A number counts from the step that made it true until a later number was *announced*: until an
/// event that shows it was given to the network, or can be fetched from the replay ring. What
/// nobody can know yet is no error of the index.
struct TruthHistory {
  private struct Version {
    var tokens: Int
    /// When a later number was announced; nil while this one may be believed.
    var endedAt: UInt64?
  }

  private var versions: [Version] = []
  /// Every version before this one has ended.
  private var open = 0

  /// What the engine would deliver now.
  var current: Int { versions.last?.tokens ?? 0 }

  /// Takes note of what the engine would deliver from now on.
  ///
  /// - Parameter isAnnounced: Whether whoever follows the engine can learn of it.
  mutating func record(_ tokens: Int, isAnnounced: Bool, now: UInt64) {
    if versions.isEmpty || tokens != current { versions.append(Version(tokens: tokens)) }
    guard isAnnounced else { return }
    while open < versions.count - 1 {
      versions[open].endedAt = now
      open += 1
    }
  }

  /// Counts from `end` on what was announced after `start`: nobody could take it before.
  mutating func excuse(from start: UInt64, to end: UInt64) {
    for index in versions.indices {
      if let time = versions[index].endedAt, time >= start { versions[index].endedAt = end }
    }
  }

  /// How long ago, before `time`, a number was true last; nil when it never was.
  func age(of tokens: Int, at time: UInt64) -> UInt64? {
    versions.lazy.filter { $0.tokens == tokens }
      .map { version in version.endedAt.map { time > $0 ? time - $0 : 0 } ?? 0 }.min()
  }
}

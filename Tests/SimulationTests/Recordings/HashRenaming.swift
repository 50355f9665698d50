@testable import Simulation

/// Matches the hashes of two engines that name the same blocks differently.
///
/// The first sight of a pair makes it binding in both directions: equal streams are equal up to a
/// one-to-one renaming.
struct HashRenaming {
  private var toRecorded: [UInt64: UInt64] = [:]
  private var toSimulated: [UInt64: UInt64] = [:]

  /// Whether two events are equal but for the names of blocks.
  mutating func matches(_ simulated: BlockEvent, _ recorded: BlockEvent) -> Bool {
    switch (simulated, recorded) {
    case (.cleared, .cleared): true
    case (.removed(let ours), .removed(let theirs)): matches(ours, theirs)
    case (.stored(let ours), .stored(let theirs)): matches(ours, theirs)
    default: false
    }
  }

  private mutating func matches(_ ours: StoredRun, _ theirs: StoredRun) -> Bool {
    var renamed = ours
    renamed.hashes = theirs.hashes
    renamed.parent = theirs.parent
    guard renamed == theirs, ours.hashes.count == theirs.hashes.count else { return false }
    for (simulated, recorded) in zip(ours.hashes, theirs.hashes) {
      guard matches(simulated, recorded) else { return false }
    }
    switch (ours.parent, theirs.parent) {
    case (nil, nil): return true
    case (let simulated?, let recorded?): return matches(simulated, recorded)
    default: return false
    }
  }

  private mutating func matches(_ simulated: UInt64, _ recorded: UInt64) -> Bool {
    if let known = toRecorded[simulated] { return known == recorded }
    guard toSimulated[recorded] == nil else { return false }
    toRecorded[simulated] = recorded
    toSimulated[recorded] = simulated
    return true
  }
}

/// What an index begins with, and what it leaves to the next process.
package struct WarmSettings: Sendable, Equatable {
  /// Where the hash key and snapshots are kept between two processes; nil for nowhere.
  package var stateDirectory: String?
  /// How often a snapshot is written there.
  package var snapshotInterval = Duration.seconds(60)
  /// Siblings that are asked for what they know at the start; each source comes from whoever knows
  /// it best, the directory included.
  package var peers: [PeerConfiguration] = []

  package init() {}
}

package import KVIndexer

/// One row of the fleet as observers see it: an endpoint's event source, or an endpoint without.
package struct FleetEntry: Equatable, Sendable {
  package struct Key: Hashable, Sendable {
    package var endpoint: String
    package var rank: Int
  }

  package var key: Key
  package var address: String
  package var model: String
  package var blockSize: Int?
  /// Which life of the engine this is, from 0.
  package var incarnation: Int
  /// Nil without an event source.
  package var trust: Trust?
}

/// What happened to an entry since the observer was last told.
package enum FleetChange: Equatable, Sendable {
  /// It was there when observing began.
  case present(FleetEntry)
  /// All entries that were there have been told.
  case synced
  case added(FleetEntry)
  case changed(FleetEntry)
  case removed(FleetEntry)
}

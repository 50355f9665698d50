import KVIndexer
import Service
import Simulation

/// Errors that the matrix has to find: the harness is worth what it catches.
///
/// Each does what a bug in the indexer would bring about, with means from outside of it.
enum FaultMutation {
  static let all: [Fault] = [
    Fault("mutation-invented", "the index is told of blocks that the engine lacks", .exact) {
      stand in
      let old = stand.subject.sentPayloads
      _ = stand.subject.resetPrefixCache()
      stand.subject.publishClears(1)
      try stand.waitUntilExact()
      try apply(old, stand)
    },
    Fault(
      "mutation-unfenced",
      "messages of the engine that is gone are applied as those of the new one", .exact, then: 2
    ) { stand in
      let old = stand.subject.sentPayloads
      try stand.subject.kill()
      try stand.subject.start()
      try stand.traffic(2)
      try stand.waitUntilExact()
      try apply(old, stand)
    },
    Fault("mutation-kept", "removals are not applied", .exact) { stand in
      stand.subject.forgery = { events in
        events.filter { if case .removed = $0 { false } else { true } }
      }
      stand.faultIsOver()
      try stand.flood()
    },
    Fault("mutation-uncleared", "that the cache was reset is not applied", .exact, then: 3) {
      stand in
      stand.subject.forgery = { events in
        events.filter { if case .cleared = $0 { false } else { true } }
      }
      _ = stand.subject.resetPrefixCache()
    },
  ]

  /// Applies messages to the index in the name of the engine that is followed now.
  static func apply(_ payloads: [[UInt8]], _ stand: FaultStand) throws {
    guard let fleet = stand.indexer.service?.fleet else { return }
    var decoder = EventDecoder(seed: fleet.hasher.seed)
    for payload in payloads {
      var batch = EventBatch()
      try payload.withUnsafeBytes { try decoder.decode($0, into: &batch) }
      fleet.hasher.prepare(&batch)
      fleet.write { fleet in
        for source in fleet.sourceIDs {
          guard let status = fleet.status(of: source),
            status.configuration.endpoint == stand.subject.name
          else { continue }
          fleet.apply(
            batch, from: source, incarnation: status.incarnation,
            now: MonotonicClock.nowNanoseconds())
        }
      }
    }
  }
}

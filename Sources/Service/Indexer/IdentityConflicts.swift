import KVIndexer

/// Sources that turn out to be one engine under several names.
///
/// Requests to one of the endpoints are then predicted by what another one holds, and nothing tells
/// which: so none of them is credited until the conflict is over, which is when one of them is
/// removed or moved, or when its engine has become another one.
final class IdentityConflicts: @unchecked Sendable {
  /// What showed it.
  enum Evidence: Equatable {
    /// Both are configured to be at one address.
    case address(EventAddress)
    /// Both bring the same messages.
    case messages
  }

  private struct Conflict {
    var one: SourceID
    var other: SourceID
    var evidence: Evidence

    func involves(_ source: SourceID) -> Bool { one == source || other == source }
  }

  private let fleet: SharedFleet
  private let log: Log
  private let lock = Lock()
  private var conflicts: [Conflict] = []

  init(fleet: SharedFleet, log: Log) {
    self.fleet = fleet
    self.log = log
  }

  /// Sources that are in a conflict.
  var contestedCount: Int {
    lock.withLock { Set(conflicts.flatMap { [$0.one, $0.other] }).count }
  }

  /// The sources that a source is in conflict with.
  func rivals(of source: SourceID) -> [SourceID] {
    lock.withLock {
      conflicts.filter { $0.involves(source) }.map { $0.one == source ? $0.other : $0.one }
    }
  }

  /// Takes note that two sources are one engine.
  func add(_ one: SourceID, _ other: SourceID, _ evidence: Evidence) {
    let isNew = lock.withLock {
      guard !conflicts.contains(where: { $0.involves(one) && $0.involves(other) }) else {
        return false
      }
      conflicts.append(Conflict(one: one, other: other, evidence: evidence))
      return true
    }
    guard isNew else { return }
    fleet.write {
      $0.setContested(true, of: one)
      $0.setContested(true, of: other)
    }
    let cause =
      switch evidence {
      case .address(let address): "both are configured to be at \(address)"
      case .messages: "both send the same events"
      }
    log(
      .error,
      "\(fleet.name(of: one)) and \(fleet.name(of: other)) are one engine: \(cause); neither is credited until "
        + "'kvEvents' gives each endpoint the address of its own engine")
  }

  /// Ends the conflicts of a source that is removed.
  func remove(_ source: SourceID) { end { $0.involves(source) } }

  /// Ends the conflicts of a source whose engine is another one now; what its address says stays.
  func noteIncarnation(of source: SourceID) {
    end { $0.involves(source) && $0.evidence == .messages }
  }

  private func end(_ isOver: (Conflict) -> Bool) {
    let freed: Set<SourceID> = lock.withLock {
      let over = conflicts.filter(isOver)
      guard !over.isEmpty else { return [] }
      conflicts.removeAll(where: isOver)
      let involved = Set(over.flatMap { [$0.one, $0.other] })
      return involved.filter { source in !conflicts.contains { $0.involves(source) } }
    }
    guard !freed.isEmpty else { return }
    for source in freed where fleet.write({ $0.setContested(false, of: source) }) {
      log(.info, "\(fleet.name(of: source)): no other endpoint is the same engine any more")
    }
  }
}

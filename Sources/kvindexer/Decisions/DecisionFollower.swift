/// Tells what is new in one answer of `/v1/decisions` after the other, each decision once and when
/// it has ended.
///
/// A value without I/O. Ids ascend by one; what is missing between them had been forgotten by the
/// service before it was asked for.
struct DecisionFollower {
  typealias Decision = DecisionsAnswer.Decision

  struct Update: Equatable {
    /// By ascending ids.
    ///
    /// One that is still pending was forgotten by the service before it ended.
    var ended: [Decision] = []
    /// How many were forgotten without having been seen.
    var forgotten = 0
    /// Whether the service began anew, and with it its ids.
    var isRestarted = false
  }

  private var newest = 0
  private var pending: [Int: Decision] = [:]

  /// Everything after this id is worth asking for.
  var position: Int { (oldestPending ?? newest + 1) - 1 }

  /// The first decision that was seen and has not ended.
  var oldestPending: Int? { pending.keys.min() }

  /// Takes everything that the service has after `position`, in any order.
  mutating func take(_ decisions: [Decision]) -> Update {
    var update = Update()
    var isThere: Set<Int> = []
    for decision in decisions.sorted(by: { $0.id < $1.id }) {
      isThere.insert(decision.id)
      let isNew = decision.id > newest
      if isNew {
        // Before the first one there is no knowing what was wanted.
        if newest > 0 { update.forgotten += decision.id - newest - 1 }
        newest = decision.id
      }
      guard isNew || pending[decision.id] != nil else { continue }
      pending[decision.id] = decision.isPending ? decision : nil
      if !decision.isPending { update.ended.append(decision) }
    }
    for (id, decision) in pending where !isThere.contains(id) {
      pending[id] = nil
      update.ended.append(decision)
    }
    update.ended.sort { $0.id < $1.id }
    return update
  }

  /// Lets go of what was pending: the service that knew of it is gone.
  mutating func restart() -> Update {
    defer { self = DecisionFollower() }
    return Update(ended: pending.values.sorted { $0.id < $1.id }, isRestarted: true)
  }

  /// Whether ids have begun anew, as the newest one shows.
  func isRestarted(newest id: Int?) -> Bool { (id ?? 0) < newest }
}

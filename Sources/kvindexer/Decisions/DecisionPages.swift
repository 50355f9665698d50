import Service

/// Reads `/v1/decisions`, page by page.
struct DecisionPages {
  /// Of one page.
  static let limitMax = 1000

  var location: ServiceLocation
  /// With the filters.
  var query: ServiceQuery

  /// One page as the service answers it.
  func json(limit: Int) throws -> [UInt8] {
    var query = query
    query.add("limit", limit)
    return try location.ask(query.text)
  }

  /// The latest ones.
  func latest(_ limit: Int) throws -> DecisionsAnswer {
    try location.read(DecisionsAnswer.self, from: json(limit: limit))
  }

  /// All that the service still has after an id.
  func all(after id: Int) throws -> [DecisionsAnswer.Decision] {
    var decisions: [DecisionsAnswer.Decision] = []
    var before: Int?
    repeat {
      var query = query
      query.add("since", id)
      query.add("before", before)
      query.add("limit", Self.limitMax)
      let page = try location.read(DecisionsAnswer.self, from: location.ask(query.text))
      decisions += page.decisions
      before = page.decisions.isEmpty ? nil : page.next
    } while before != nil
    return decisions
  }

  /// What is new to a follower.
  func update(_ follower: inout DecisionFollower) throws -> DecisionFollower.Update {
    let decisions = try all(after: follower.position)
    // A service that began anew has nothing after the old ids, and does have something before.
    if decisions.isEmpty, follower.isRestarted(newest: try latest(1).decisions.first?.id) {
      return follower.restart()
    }
    return follower.take(decisions)
  }
}

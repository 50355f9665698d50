/// Asks for prefixes: the most valuable ones, or a tree level by level.
struct PrefixWalk {
  static let limitDefault = 20
  /// A tree is never asked for more often than this, however wide it is.
  static let requestsMax = 200

  var location: ServiceLocation
  var query: ServiceQuery
  /// Nil for a list without levels.
  var depth: Int?
  var limit: Int

  /// The first page as the service answers it.
  func json() throws -> String { String(decoding: try location.ask(first.text), as: UTF8.self) }

  func lines() throws -> [StyledText] {
    let answer = try ask(first)
    guard let depth else {
      return PrefixesView.lines(
        answer.prefixes.map { PrefixesView.Branch(prefix: $0) }, total: answer.total,
        isPartial: answer.partial)
    }
    var requestsLeft = Self.requestsMax
    return PrefixesView.lines(
      try grow(answer.prefixes, levels: depth - 1, &requestsLeft), total: answer.total,
      isPartial: answer.partial)
  }

  private var first: ServiceQuery {
    var query = query
    query.add("sort", "value")
    query.add("limit", limit)
    if depth != nil { query.add("roots", "true") }
    return query
  }

  private func grow(
    _ prefixes: [PrefixesAnswer.Prefix], levels: Int, _ requestsLeft: inout Int
  ) throws -> [PrefixesView.Branch] {
    try prefixes.map { prefix in
      var branch = PrefixesView.Branch(prefix: prefix)
      guard levels > 0, prefix.children > 0, requestsLeft > 0 else { return branch }
      requestsLeft -= 1
      var query = query
      query.add("parent", prefix.id)
      query.add("sort", "value")
      query.add("limit", limit)
      branch.children = try grow(try ask(query).prefixes, levels: levels - 1, &requestsLeft)
      return branch
    }
  }

  private func ask(_ query: ServiceQuery) throws -> PrefixesAnswer {
    try location.read(PrefixesAnswer.self, from: location.ask(query.text))
  }
}

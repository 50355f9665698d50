/// One run of the tree, as people see it.
package struct RunSummary: Sendable, Equatable {
  package var key: BlockKey
  package var namespace: NamespaceID
  /// Blocks before the run.
  package var firstBlock: Int
  package var blocks: Int
  /// Sources × tiers that hold some of it.
  package var holders: Int
  package var children: Int
  /// To four seconds; nil when no match is remembered.
  package var secondsSinceMatch: Double?
  /// In how many of the last eight periods of four seconds it was matched.
  package var reads: Int

  /// Blocks from the start of the prompt to the end of the run.
  package var depth: Int { firstBlock + blocks }
  /// Blocks × holders × (1 + recent reads).
  package var value: Double { Double(blocks) * Double(holders) * Double(1 + reads) }
}

/// Which runs are asked for, in which order.
package struct RunQuery: Sendable {
  package enum Scope: Sendable, Equatable {
    case all
    case roots
    case children(of: BlockKey)
  }

  /// The largest first.
  package enum Order: String, Sendable, CaseIterable {
    case value, depth, holders
    case lastHit = "last_hit"
  }

  /// A run's place in an order: equal ranks stand by their keys.
  package struct Place: Sendable, Equatable {
    package var rank: Double
    package var key: BlockKey

    package init(rank: Double, key: BlockKey) {
      self.rank = rank
      self.key = key
    }

    func isBefore(_ other: Place) -> Bool {
      rank != other.rank ? rank > other.rank : key.bits < other.key.bits
    }
  }

  package var scope = Scope.all
  package var order = Order.value
  package var namespace: NamespaceID?
  /// Only runs of which this endpoint holds something.
  package var endpoint: String?
  /// Only runs of which a source of this model holds something.
  package var model: String?
  package var limit = 50
  /// Runs behind this place.
  package var after: Place?

  package init() {}

  func place(of run: RunSummary) -> Place {
    let rank =
      switch order {
      case .value: run.value
      case .depth: Double(run.depth)
      case .holders: Double(run.holders)
      case .lastHit: -(run.secondsSinceMatch ?? .infinity)
      }
    return Place(rank: rank, key: run.key)
  }
}

/// The first runs of an order among those that were looked at.
package struct RunSelection: Sendable {
  package let query: RunQuery
  /// In order, at most as many as asked for.
  package private(set) var runs: [RunSummary] = []
  private var places: [RunQuery.Place] = []
  /// Runs that are asked for, on whatever page.
  package private(set) var total = 0
  /// Runs behind those of this page.
  private var behind = 0
  package internal(set) var visited = 0
  /// Where the walk goes on: a node, or among the children of a run the next one.
  var position = Position.start
  /// Whether something changed under the walk that makes it miss runs.
  package internal(set) var isPartial = false

  enum Position: Equatable {
    case start
    case node(UInt32)
    case child(BlockKey)
    case end
  }

  package init(_ query: RunQuery) { self.query = query }

  /// Whether everything was looked at.
  package var isComplete: Bool { position == .end }

  /// Where the next page begins; nil when this is the last one.
  package var next: RunQuery.Place? { behind > 0 ? places.last : nil }

  mutating func offer(_ run: RunSummary) {
    total += 1
    let place = query.place(of: run)
    if let after = query.after, !after.isBefore(place) { return }
    if runs.count == query.limit {
      behind += 1
      guard let last = places.last, place.isBefore(last) else { return }
      runs.removeLast()
      places.removeLast()
    }
    var low = 0
    var high = places.count
    while low < high {
      let middle = (low + high) / 2
      if places[middle].isBefore(place) { low = middle + 1 } else { high = middle }
    }
    places.insert(place, at: low)
    runs.insert(run, at: low)
  }
}

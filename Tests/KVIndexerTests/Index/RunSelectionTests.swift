import Simulation
import Testing

@testable import KVIndexer

/// The tree of runs as people page through it.
@Suite struct RunSelectionTests {
  private static func select(
    _ stream: borrowing RandomIndex, _ query: RunQuery, lanes: [Bool]? = nil, work: Int = 7
  ) -> RunSelection {
    var selection = RunSelection(query)
    while !selection.isComplete {
      stream.index.select(&selection, roles: stream.roles, lanes: lanes, work: work)
    }
    return selection
  }

  /// Every page of a query.
  private static func pages(_ stream: borrowing RandomIndex, _ query: RunQuery) -> [RunSummary] {
    var query = query
    var runs: [RunSummary] = []
    while true {
      let selection = select(stream, query)
      #expect(!selection.isPartial)
      #expect(selection.runs.count <= query.limit)
      runs += selection.runs
      guard let next = selection.next else {
        #expect(runs.count == selection.total)
        return runs
      }
      query.after = next
    }
  }

  private static func stream(_ seed: UInt64) -> RandomIndex {
    var stream = RandomIndex(seed: seed, laneCount: 6)
    var buffer = MatchBuffer()
    for step in 0..<150 {
      stream.step()
      stream.index.advance(to: CoarseTime(tenths: UInt32(10 * step + 1)))
      let keys = PrefixIndexTests.chain((0..<40).map { _ in step % 2 })
      stream.index.match(keys, count: keys.count, into: &buffer)
    }
    return stream
  }

  @Test(arguments: TestSeeds.upTo(8))
  func `pages give every run once, in order`(seed: UInt64) {
    let stream = Self.stream(seed)
    for order in RunQuery.Order.allCases {
      var query = RunQuery()
      query.order = order
      query.limit = 5
      let runs = Self.pages(stream, query)
      #expect(Set(runs.map(\.key)).count == runs.count)
      let places = runs.map { query.place(of: $0) }
      for (place, next) in zip(places, places.dropFirst()) { #expect(place.isBefore(next)) }
      query.limit = 10_000
      #expect(Self.select(stream, query).runs == runs)
      // The blocks of the runs that someone holds are those that someone holds, and holes.
      let distinct = stream.held.reduce(into: Set()) { $0.formUnion($1) }
      #expect(runs.reduce(0) { $0 + $1.blocks } >= distinct.count)
    }
  }

  @Test(arguments: TestSeeds.upTo(8))
  func `roots and children lead to every run`(seed: UInt64) {
    let stream = Self.stream(seed)
    var query = RunQuery()
    query.scope = .roots
    query.limit = 3
    var open = Self.pages(stream, query)
    #expect(open.allSatisfy { $0.firstBlock == 0 })
    var found = 0
    while let run = open.popLast() {
      found += 1
      query.scope = .children(of: run.key)
      let children = Self.pages(stream, query)
      #expect(children.count == run.children)
      for child in children {
        #expect(child.firstBlock == run.depth && child.namespace == run.namespace)
      }
      open += children
    }
    #expect(found == stream.index.nodeCount)
  }

  @Test(arguments: TestSeeds.upTo(8))
  func `an endpoint's runs are those that it holds something of`(seed: UInt64) {
    let stream = Self.stream(seed)
    var query = RunQuery()
    query.limit = 10_000
    let lanes = stream.lanes.map { $0.index / 2 == 1 }
    let runs = Self.select(stream, query, lanes: lanes).runs
    var blocks = 0
    for run in runs {
      let holders = stream.index.holders(ofRun: run.key, roles: stream.roles) ?? []
      #expect(holders.count == run.holders)
      for holder in holders where lanes[holder.lane.index] { blocks += holder.blocks }
    }
    #expect(blocks == stream.held[2].count + stream.held[3].count)
  }

  @Test func `children of a run that is gone are none`() {
    let stream = Self.stream(1)
    var query = RunQuery()
    query.scope = .children(of: BlockKey(42))
    let selection = Self.select(stream, query)
    #expect(selection.runs.isEmpty && selection.total == 0 && !selection.isPartial)
  }

  @Test func `a walk whose next run goes away says that it is partial`() throws {
    var stream = RandomIndex(seed: 3, laneCount: 2)
    while stream.index.nodeCount < 8 { stream.step() }
    var query = RunQuery()
    query.scope = .roots
    let root = try #require(
      Self.select(stream, query).runs.first { $0.children > 0 })
    query.scope = .children(of: root.key)
    var selection = RunSelection(query)
    stream.index.select(&selection, roles: stream.roles, lanes: nil, work: 1)
    guard !selection.isComplete else { return }
    for lane in stream.lanes { stream.index.clear(lane) }
    stream.index.select(&selection, roles: stream.roles, lanes: nil, work: 100)
    #expect(selection.isComplete && selection.isPartial)
  }
}

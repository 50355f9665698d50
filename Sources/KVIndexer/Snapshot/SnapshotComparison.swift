/// What two indexers say of one source, compared block by block.
package struct SourceComparison: Sendable, Equatable {
  package enum Verdict: String, Sendable {
    case equal, different
    /// They have applied different parts of its stream: what they hold can't be compared.
    case apart
    /// Only one of them follows it.
    case missing
  }

  /// One side's account.
  package struct Side: Sendable, Equatable {
    /// The first message that was not applied; nil when none was.
    package var next: UInt64?
    package var history: History?
    package var residencies = 0
    /// Residencies that the other one does not have, or has otherwise.
    package var only = 0
  }

  package var endpoint: String
  package var model: String
  package var rank: Int
  package var verdict: Verdict
  package var first: Side?
  package var second: Side?
  /// Some of the blocks in which they differ.
  package var examples: [BlockKey] = []

  package init(
    endpoint: String, model: String, rank: Int, verdict: Verdict, first: Side?, second: Side?
  ) {
    self.endpoint = endpoint
    self.model = model
    self.rank = rank
    self.verdict = verdict
    self.first = first
    self.second = second
  }
}

/// What one indexer says of its sources, ready to be compared.
///
/// A residency is a block key, the engine's hash, the cache group, the tier and the number of
/// copies; how runs are cut does not matter.
package struct SnapshotAccounts: Sendable {
  private let keyCheck: UInt64
  private let accounts: [SnapshotSource.Name: Account]

  /// Reads the whole snapshot.
  package init(_ reader: consuming SnapshotReader) throws(SnapshotError) {
    keyCheck = reader.header.keyCheck
    accounts = try Self.accounts(reader)
  }

  /// Compares every source with those of another snapshot under the same hash key.
  package func compare(
    with other: SnapshotAccounts
  ) throws(SnapshotError) -> [SourceComparison] {
    guard keyCheck == other.keyCheck else { throw .otherKey }
    let names = Set(accounts.keys).union(other.accounts.keys).sorted {
      ($0.endpoint, $0.rank, $0.model) < ($1.endpoint, $1.rank, $1.model)
    }
    return names.map { SourceComparison($0, accounts[$0], other.accounts[$0]) }
  }

  fileprivate struct Residency: Equatable {
    var key: UInt64
    /// Everything else that has to be equal.
    var rest: UInt64

    func isBefore(_ other: Residency) -> Bool { (key, rest) < (other.key, other.rest) }
  }

  fileprivate struct Account {
    var stream: SequenceTracker.Record?
    var residencies: [Residency] = []
    /// Blocks that wait for others: parents, or their place.
    var waiting: [UInt64] = []
  }

  /// What a lane is, and what its engine calls blocks.
  fileprivate struct Column {
    var name: SnapshotSource.Name
    var seed: UInt64
    var engineHash: [UInt64: UInt64]
    var copies: [UInt64: UInt32]
  }

  private static func accounts(
    _ reader: consuming SnapshotReader
  ) throws(SnapshotError) -> [SnapshotSource.Name: Account] {
    var accounts: [SnapshotSource.Name: Account] = [:]
    var columns: [UInt16: Column] = [:]
    for source in reader.sources {
      let name = source.name
      accounts[name] = Account(stream: source.stream, waiting: source.waiting)
      for group in source.groups {
        // Of several names for one block the smallest, so that both sides choose alike.
        let names = Dictionary(
          group.aliases.map { ($0.canonical, $0.hash) }, uniquingKeysWith: { min($0, $1) })
        for lane in group.lanes {
          columns[lane.number] = Column(
            name: name,
            seed: BlockHasher.chain(UInt64(group.number), UInt64(lane.tier.rawValue)),
            engineHash: names,
            copies: Dictionary(
              lane.copies.map { ($0.canonical, $0.count) }, uniquingKeysWith: { $1 }))
        }
      }
    }
    var found: [UInt16: [Residency]] = [:]
    _ = try reader.readTree { cursor throws(SnapshotError) in
      while !cursor.isAtEnd {
        let run = try SnapshotRun(from: &cursor)
        for _ in 0..<run.holderCount {
          let holder = try run.holder(from: &cursor)
          guard let column = columns[holder.lane] else { continue }
          found[holder.lane, default: []].append(held: holder, of: run, column.residency)
        }
      }
    }
    for (lane, residencies) in found {
      if let name = columns[lane]?.name { accounts[name]?.residencies += residencies }
    }
    for name in accounts.keys { accounts[name]?.residencies.sort { $0.isBefore($1) } }
    return accounts
  }
}

extension SnapshotAccounts.Column {
  fileprivate func residency(_ key: UInt64, _ canonical: UInt64) -> SnapshotAccounts.Residency {
    let hash = BlockHasher.chain(seed, engineHash[canonical] ?? canonical)
    return SnapshotAccounts.Residency(
      key: key, rest: BlockHasher.chain(hash, UInt64(copies[canonical] ?? 0)))
  }
}

extension [SnapshotAccounts.Residency] {
  fileprivate mutating func append(
    held holder: SnapshotRun.Holder, of run: SnapshotRun,
    _ residency: (UInt64, UInt64) -> SnapshotAccounts.Residency
  ) {
    for offset in 0..<run.blocks where holder.holds(offset) {
      append(residency(run.key(offset), run.hash(offset)))
    }
  }
}

extension SnapshotSource {
  /// Blocks that wait for others, in an order of their own.
  fileprivate var waiting: [UInt64] {
    let orphans = self.orphans.flatMap { orphan in
      zip(orphan.hashes, orphan.locals).map {
        BlockHasher.chain(BlockHasher.chain($0, $1), UInt64(orphan.tier.rawValue))
      }
    }
    let pending = groups.flatMap { group in
      group.pending.map {
        BlockHasher.chain($0.hash, UInt64($0.count) << 8 | UInt64($0.tier.rawValue))
      }
    }
    return (orphans + pending).sorted()
  }
}

extension SourceComparison {
  private static let examplesMax = 8

  fileprivate init(
    _ name: SnapshotSource.Name, _ first: SnapshotAccounts.Account?,
    _ second: SnapshotAccounts.Account?
  ) {
    endpoint = name.endpoint
    model = name.model
    rank = name.rank
    self.first = first.map(Self.side)
    self.second = second.map(Self.side)
    verdict = .missing
    guard let first, let second else { return }
    guard first.stream?.next == second.stream?.next else {
      verdict = .apart
      return
    }
    // Under equal sequences other messages: they follow two engines.
    let isOneStream = first.stream?.delivered.last == second.stream?.delivered.last
    countDifferences(first.residencies, second.residencies)
    let isEqual = self.first?.only == 0 && self.second?.only == 0
    verdict = isEqual && isOneStream && first.waiting == second.waiting ? .equal : .different
  }

  private static func side(_ account: SnapshotAccounts.Account) -> Side {
    Side(
      next: account.stream?.next, history: account.stream?.history,
      residencies: account.residencies.count)
  }

  /// Walks two sorted lists at once.
  private mutating func countDifferences(
    _ mine: [SnapshotAccounts.Residency], _ theirs: [SnapshotAccounts.Residency]
  ) {
    var (left, right) = (0, 0)
    while left < mine.count || right < theirs.count {
      if left < mine.count, right < theirs.count, mine[left] == theirs[right] {
        left += 1
        right += 1
        continue
      }
      let isMine =
        right == theirs.count || left < mine.count && mine[left].isBefore(theirs[right])
      let key = BlockKey(isMine ? mine[left].key : theirs[right].key)
      if isMine {
        first?.only += 1
        left += 1
      } else {
        second?.only += 1
        right += 1
      }
      if examples.count < Self.examplesMax, examples.last != key { examples.append(key) }
    }
  }
}

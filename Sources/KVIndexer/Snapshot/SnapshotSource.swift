/// What a snapshot says of one source, beside the tree.
///
/// Engine hashes are sealed.
package struct SnapshotSource: Sendable, Equatable {
  package struct Group: Sendable, Equatable {
    package var number: Int
    package var spec: CacheSpec
    package var blockSize: Int?
    package var lanes: [Lane]
    package var aliases: [Alias]
    package var pending: [Pending]
  }

  /// One column of the index: what the tree's holders name.
  package struct Lane: Sendable, Equatable {
    package var tier: Tier
    package var number: UInt16
    package var blocks: Int
    package var copies: [Copies]
  }

  package struct Copies: Sendable, Equatable {
    package var canonical: UInt64
    package var count: UInt32
  }

  package struct Alias: Sendable, Equatable {
    package var hash: UInt64
    package var canonical: UInt64
  }

  package struct Pending: Sendable, Equatable {
    package var hash: UInt64
    package var tier: Tier
    package var count: UInt32
  }

  /// A store whose parent is not known.
  package struct Orphan: Sendable, Equatable {
    package var parent: UInt64
    package var group: Int
    package var tier: Tier
    package var hashes: [UInt64]
    package var locals: [UInt64]
  }

  package var endpoint: String
  package var model: String
  package var rank: Int
  package var duplicates: HashScope.DuplicateRule
  package var incarnation: Incarnation
  package var damage: Trust.Degradation?
  package var mismatch: Trust.Mismatch?
  /// Nil when nothing of its stream is applied.
  package var stream: SequenceTracker.Record?
  package var groups: [Group]
  /// The oldest first.
  package var orphans: [Orphan]

  package var residencies: Int {
    groups.reduce(0) { $0 + $1.lanes.reduce(0) { $0 + $1.blocks } }
  }

  /// What makes two accounts ones of the same source.
  package struct Name: Hashable, Sendable {
    package var endpoint: String
    package var model: String
    package var rank: Int
    package var duplicates: HashScope.DuplicateRule
  }

  package var name: Name {
    Name(endpoint: endpoint, model: model, rank: rank, duplicates: duplicates)
  }
}

// MARK: Writing

extension SnapshotSource {
  func write(to bytes: inout SnapshotBytes) {
    bytes.text(endpoint)
    bytes.text(model)
    bytes.integer(rank)
    bytes.flag(duplicates == .counted)
    bytes.number(incarnation.number)
    bytes.optional(damage?.rawValue) { $0.text($1) }
    bytes.optional(mismatch?.rawValue) { $0.text($1) }
    bytes.optional(stream) { bytes, stream in
      bytes.text(stream.history.snapshotName)
      bytes.list(stream.delivered) {
        $0.number($1.sequence)
        $0.number($1.digest.bits)
      }
      bytes.optional(stream.fence) {
        $0.number($1.sequence)
        $0.number($1.digest.bits)
      }
    }
    bytes.list(groups) { $1.write(to: &$0) }
    bytes.list(orphans) { bytes, orphan in
      bytes.number(orphan.parent)
      bytes.integer(orphan.group)
      bytes.number(orphan.tier.rawValue)
      bytes.list(orphan.hashes) { $0.number($1) }
      bytes.list(orphan.locals) { $0.number($1) }
    }
  }
}

extension SnapshotSource.Group {
  fileprivate func write(to bytes: inout SnapshotBytes) {
    bytes.integer(number)
    bytes.text(spec.kind.snapshotName)
    bytes.optional(spec.window) { $0.integer($1) }
    bytes.optional(blockSize) { $0.integer($1) }
    bytes.list(lanes) { bytes, lane in
      bytes.number(lane.tier.rawValue)
      bytes.number(lane.number)
      bytes.integer(lane.blocks)
      bytes.list(lane.copies) {
        $0.number($1.canonical)
        $0.number($1.count)
      }
    }
    bytes.list(aliases) {
      $0.number($1.hash)
      $0.number($1.canonical)
    }
    bytes.list(pending) {
      $0.number($1.hash)
      $0.number($1.tier.rawValue)
      $0.number($1.count)
    }
  }
}

// MARK: Reading

extension SnapshotSource {
  init(from cursor: inout SnapshotCursor) throws(SnapshotError) {
    endpoint = try cursor.text()
    model = try cursor.text()
    rank = try cursor.integer()
    duplicates = try cursor.flag() ? .counted : .once
    incarnation = Incarnation(try cursor.number())
    damage = try cursor.optional { cursor throws(SnapshotError) in
      guard let damage = Trust.Degradation(rawValue: try cursor.text()) else {
        throw cursor.damage("a cause of damage is not known")
      }
      return damage
    }
    mismatch = try cursor.optional { cursor throws(SnapshotError) in
      guard let mismatch = Trust.Mismatch(rawValue: try cursor.text()) else {
        throw cursor.damage("a mismatch is not known")
      }
      return mismatch
    }
    stream = try cursor.optional { cursor throws(SnapshotError) in try Self.stream(&cursor) }
    groups = try cursor.list(bytesMin: 20) { cursor throws(SnapshotError) in
      try Group(from: &cursor)
    }
    orphans = try cursor.list(bytesMin: 25) { cursor throws(SnapshotError) in
      let orphan = Orphan(
        parent: try cursor.number(), group: try cursor.integer(), tier: try cursor.tier(),
        hashes: try Self.hashes(&cursor), locals: try Self.hashes(&cursor))
      guard orphan.hashes.count == orphan.locals.count, !orphan.hashes.isEmpty else {
        throw cursor.damage("an orphan's blocks have no hashes")
      }
      return orphan
    }
    guard Set(groups.map(\.number)).count == groups.count else {
      throw cursor.damage("a cache group is there twice")
    }
    guard cursor.isAtEnd else { throw cursor.damage("it is too long") }
  }

  private static func hashes(_ cursor: inout SnapshotCursor) throws(SnapshotError) -> [UInt64] {
    try cursor.list(bytesMin: 8) { cursor throws(SnapshotError) in try cursor.number() }
  }

  private static func message(
    _ cursor: inout SnapshotCursor
  ) throws(SnapshotError) -> SequenceTracker.Record.Message {
    SequenceTracker.Record.Message(
      sequence: try cursor.number(), digest: PayloadDigest(try cursor.number()))
  }

  private static func stream(
    _ cursor: inout SnapshotCursor
  ) throws(SnapshotError) -> SequenceTracker.Record {
    guard let history = History(snapshotName: try cursor.text()) else {
      throw cursor.damage("a history is not known")
    }
    let delivered: [SequenceTracker.Record.Message] = try cursor.list(bytesMin: 16) {
      cursor throws(SnapshotError) in try message(&cursor)
    }
    let fence = try cursor.optional { cursor throws(SnapshotError) in try message(&cursor) }
    guard
      let record = SequenceTracker.Record(delivered: delivered, history: history, fence: fence)
    else {
      throw cursor.damage("messages are not in order")
    }
    return record
  }
}

extension SnapshotSource.Group {
  fileprivate init(from cursor: inout SnapshotCursor) throws(SnapshotError) {
    number = try cursor.integer()
    guard let kind = CacheSpec.Kind(snapshotName: try cursor.text()) else {
      throw cursor.damage("a kind of cache group is not known")
    }
    let window = try cursor.optional { cursor throws(SnapshotError) in try cursor.integer() }
    spec = CacheSpec(kind: kind, window: window)
    blockSize = try cursor.optional { cursor throws(SnapshotError) in try cursor.integer() }
    lanes = try cursor.list(bytesMin: 15) { cursor throws(SnapshotError) in
      SnapshotSource.Lane(
        tier: try cursor.tier(), number: try cursor.number(), blocks: try cursor.integer(),
        copies: try cursor.list(bytesMin: 12) { cursor throws(SnapshotError) in
          SnapshotSource.Copies(canonical: try cursor.number(), count: try cursor.number())
        })
    }
    aliases = try cursor.list(bytesMin: 16) { cursor throws(SnapshotError) in
      SnapshotSource.Alias(hash: try cursor.number(), canonical: try cursor.number())
    }
    pending = try cursor.list(bytesMin: 13) { cursor throws(SnapshotError) in
      SnapshotSource.Pending(
        hash: try cursor.number(), tier: try cursor.tier(), count: try cursor.number())
    }
    guard Set(lanes.map(\.tier)).count == lanes.count,
      blockSize.map({ $0 > 0 && $0 <= Int32.max }) ?? true,
      window.map({ $0 <= Int32.max }) ?? true,
      pending.allSatisfy({ $0.count > 0 }),
      lanes.allSatisfy({ $0.blocks <= UInt32.max && $0.copies.allSatisfy { $0.count > 0 } })
    else { throw cursor.damage("a cache group contradicts itself") }
  }
}

extension History {
  var snapshotName: String {
    switch self {
    case .complete: "complete"
    case .incomplete(let cause): cause.name
    }
  }

  init?(snapshotName: String) {
    if snapshotName == "complete" {
      self = .complete
    } else if let cause = IncompleteCause.allCases.first(where: { $0.name == snapshotName }) {
      self = .incomplete(cause)
    } else {
      return nil
    }
  }
}

extension CacheSpec.Kind {
  fileprivate static let known: [CacheSpec.Kind] = [.full, .slidingWindow, .stateSpace, .unknown]

  var snapshotName: String {
    switch self {
    case .full: "full"
    case .slidingWindow: "sliding_window"
    case .stateSpace: "state_space"
    case .unknown: "unknown"
    }
  }

  init?(snapshotName: String) {
    guard let kind = Self.known.first(where: { $0.snapshotName == snapshotName }) else {
      return nil
    }
    self = kind
  }
}

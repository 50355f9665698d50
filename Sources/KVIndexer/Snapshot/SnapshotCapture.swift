/// A copy of what an index knows, taken in slices between which matches go on.
///
/// The first slice copies what is known of the sources, each further one a piece of the tree. The
/// index must not be changed until the last: where it was, the capture says so, and is to be begun
/// anew. Whoever applies events takes it between two messages.
package struct SnapshotCapture: ~Copyable {
  package enum Progress: Sendable {
    case more, complete
    /// The index was changed meanwhile: what was copied is worth nothing.
    case overtaken
  }

  private let seal: HashSeal
  private let writtenAt: UInt64
  private var changes: UInt64?
  private var states: [SourceState] = []
  private var holdings: [LaneID: (blocks: Int, copies: [UInt64: UInt32])] = [:]
  private var lanes: [Bool] = []
  private var next: UInt32? = 0
  private var layout = SnapshotBytes()
  private var sources: [[UInt8]] = []
  private var buffer = GrowableBuffer<UInt8>(capacity: SnapshotFormat.treeSectionBytes * 2)
  private var holders: [Holder] = []
  private var tree: [[UInt8]] = []
  private var totals = SnapshotTotals()

  /// - Parameter writtenAt: Seconds since 1970.
  package init(hasher: BlockHasher, writtenAt: UInt64) {
    seal = HashSeal(seed: hasher.seed)
    self.writtenAt = writtenAt
  }

  /// Copies the next slice; to be called with the index locked against changes.
  ///
  /// - Complexity: about 200 KB are copied.
  package mutating func advance(over fleet: borrowing FleetIndex) -> Progress {
    guard let changes else {
      begin(fleet)
      return .more
    }
    guard changes == fleet.index.changes else { return .overtaken }
    guard let start = next else { return .complete }
    next = fleet.index.capture(
      from: start, lanes: lanes, into: &buffer, bytesMax: SnapshotFormat.treeSectionBytes,
      holders: &holders, totals: &totals)
    return next == nil ? .complete : .more
  }

  /// Puts the slice that was copied last aside; to be called after each, without the lock.
  package mutating func settle() {
    if !states.isEmpty {
      sources = states.map { state in
        var bytes = SnapshotBytes()
        state.sealed(by: seal, holdings).write(to: &bytes)
        return bytes.bytes
      }
      // What shares storage with the index is given back before it changes.
      states = []
      holdings = [:]
    }
    guard buffer.count > 0 else { return }
    tree.append(buffer.array(0..<buffer.count))
    buffer.removeAll()
  }

  private mutating func begin(_ fleet: borrowing FleetIndex) {
    changes = fleet.index.changes
    states = fleet.sourceStates
    lanes = Array(repeating: false, count: fleet.index.lanes.count)
    for state in states {
      for group in state.groups {
        for (_, lane) in group.lanes.all {
          lanes[lane.index] = true
          holdings[lane] = (fleet.index.blocks(of: lane), fleet.index.copies(of: lane))
        }
      }
    }
    layout.number(fleet.index.nodes.touched)
    layout.number(UInt32(fleet.index.nodeCount))
    layout.integer(fleet.index.uniqueBlocks)
    layout.list(fleet.namespaceTable.rows.map(\.namespace)) { bytes, namespace in
      bytes.text(namespace.model)
      bytes.optional(namespace.lora) { $0.text($1) }
      bytes.integer(namespace.blockSize)
      bytes.flag(namespace.isSalted)
    }
  }

  /// What was copied; to be called after the last slice.
  package consuming func finish() -> CapturedSnapshot {
    precondition(changes != nil && next == nil, "a capture ends with its last slice")
    settle()
    return CapturedSnapshot(
      seal: seal, writtenAt: writtenAt, layout: layout.bytes, sources: sources, tree: tree,
      totals: totals)
  }
}

/// A snapshot that belongs to nobody's index any more, its engine hashes not yet sealed.
package struct CapturedSnapshot: Sendable {
  fileprivate let seal: HashSeal
  fileprivate let writtenAt: UInt64
  fileprivate let layout: [UInt8]
  fileprivate let sources: [[UInt8]]
  fileprivate var tree: [[UInt8]]
  fileprivate let totals: SnapshotTotals

  /// Seals the engine hashes, in place.
  package consuming func sealed() -> SnapshotPieces {
    for section in tree.indices { SnapshotSealing.sealRuns(&tree[section], by: seal) }
    return SnapshotPieces(
      header: SnapshotSealing.header(check: seal.check, writtenAt: writtenAt),
      [(.layout, layout)] + sources.map { (.source, $0) } + tree.map { (.tree, $0) }, totals)
  }
}

/// A snapshot's bytes, section by section; each is let go of when it was given out.
package struct SnapshotPieces: Sendable, IteratorProtocol {
  /// Of all sections together.
  package let byteCount: Int
  package let totals: SnapshotTotals
  private let header: [UInt8]
  private var sections: [(section: SnapshotSection, payload: [UInt8])]
  private var place = 0

  fileprivate init(
    header: [UInt8], _ sections: [(section: SnapshotSection, payload: [UInt8])],
    _ totals: SnapshotTotals
  ) {
    var end = SnapshotBytes()
    end.integer(sections.count)
    end.integer(totals.runs)
    end.integer(totals.blocks)
    end.integer(totals.residencies)
    self.header = header
    self.sections = sections + [(.end, end.bytes)]
    self.totals = totals
    byteCount = self.sections.reduce(header.count) {
      $0 + $1.payload.count + SnapshotSealing.frameBytes
    }
  }

  package mutating func next() -> [UInt8]? {
    guard place < sections.count else { return nil }
    let (section, payload) = sections[place]
    sections[place].payload = []
    defer { place += 1 }
    let framed = SnapshotSealing.framed(section, payload, place: place)
    return place == 0 ? header + framed : framed
  }
}

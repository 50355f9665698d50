/// Reads a snapshot from front to back, in memory for one section of it.
///
/// Whose blocks it holds is known when the reader is made; the tree follows. Nothing that was taken
/// of the tree counts before `readTree` has returned: only then is the snapshot known to be whole.
package struct SnapshotReader: ~Copyable {
  /// Fills a buffer; returns how many bytes there were, fewer than asked for only at the end.
  package typealias Input = (UnsafeMutableRawBufferPointer) throws(SnapshotError) -> Int

  package let header: SnapshotHeader
  package let namespaces: [PromptNamespace]
  package let sources: [SnapshotSource]
  let sizes: SnapshotSizes
  private var sections: SnapshotSections
  /// The first section behind the sources.
  private let next: SnapshotCursor?

  /// Reads all that is before the tree.
  ///
  /// - Throws: `SnapshotError`, which names the section that makes no sense.
  package init(_ input: @escaping Input) throws(SnapshotError) {
    var sections = try SnapshotSections(input)
    guard var layout = try sections.next() else { throw .truncated(.header) }
    guard layout.section == .layout else { throw layout.damage("it is out of place") }
    let (sizes, namespaces) = try Self.layout(&layout)
    var sources: [SnapshotSource] = []
    var next = try sections.next()
    while var cursor = next, cursor.section == .source {
      sources.append(try SnapshotSource(from: &cursor))
      next = try sections.next()
    }
    let lanes = sources.flatMap { $0.groups.flatMap { $0.lanes.map(\.number) } }
    guard Set(lanes).count == lanes.count else {
      throw .damaged(.source, "a lane belongs to two sources")
    }
    header = sections.header
    (self.sizes, self.namespaces, self.sources) = (sizes, namespaces, sources)
    self.next = next
    self.sections = sections
  }

  /// Whether it was written under this hasher's key.
  package func isOf(_ hasher: BlockHasher) -> Bool {
    header.keyCheck == HashSeal(seed: hasher.seed).check
  }

  /// Calls `body` with each section of the tree, and verifies that the snapshot ends as it should.
  package consuming func readTree(
    _ body: (inout SnapshotCursor) throws(SnapshotError) -> Void
  ) throws(SnapshotError) -> SnapshotTotals {
    var reader = self
    var next = reader.next
    while var cursor = next {
      switch cursor.section {
      case .tree: try body(&cursor)
      case .end:
        let totals = try Self.totals(&cursor)
        guard totals.sections == reader.sections.place - 1 else {
          throw cursor.damage("sections are missing")
        }
        guard try reader.sections.isAtEnd() else {
          throw cursor.damage("something follows it")
        }
        return totals
      case .header, .layout, .source: throw cursor.damage("it is out of place")
      }
      next = try reader.sections.next()
    }
    throw .truncated(.end)
  }

  /// Reads to the end, for nothing but to know that the snapshot is whole.
  package consuming func verify() throws(SnapshotError) -> SnapshotTotals {
    try readTree { _ in }
  }

  private static func layout(
    _ cursor: inout SnapshotCursor
  ) throws(SnapshotError) -> (SnapshotSizes, [PromptNamespace]) {
    let sizes = SnapshotSizes(
      runBound: Int(try cursor.number(as: UInt32.self)),
      runs: Int(try cursor.number(as: UInt32.self)), heldBlocks: try cursor.integer())
    let namespaces: [PromptNamespace] = try cursor.list(bytesMin: 14) {
      cursor throws(SnapshotError) in
      let model = try cursor.text()
      let lora = try cursor.optional { cursor throws(SnapshotError) in try cursor.text() }
      return PromptNamespace(
        model: model, lora: lora, blockSize: try cursor.integer(), isSalted: try cursor.flag())
    }
    guard namespaces.count <= NamespaceTable.namespacesMax, cursor.isAtEnd else {
      throw cursor.damage("it is too long")
    }
    return (sizes, namespaces)
  }

  private static func totals(
    _ cursor: inout SnapshotCursor
  ) throws(SnapshotError) -> SnapshotTotals {
    var totals = SnapshotTotals()
    totals.sections = try cursor.integer()
    totals.runs = try cursor.integer()
    totals.blocks = try cursor.integer()
    totals.residencies = try cursor.integer()
    guard cursor.isAtEnd else { throw cursor.damage("it is too long") }
    return totals
  }
}

/// What is to come, as the layout announces it.
struct SnapshotSizes {
  /// Above the number of every run.
  var runBound: Int
  var runs: Int
  var heldBlocks: Int
}

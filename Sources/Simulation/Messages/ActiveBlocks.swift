/// What a publisher's events come to, as it would tell somebody who has seen none of them.
///
/// It is how vLLM's pull request 50134 keeps it: by the events alone, without a look at the cache.
/// Blocks are stored again in the order in which they first came, a parent before its children and
/// each copy by itself. A block that is gone while children of it are still there is an *inactive
/// ancestor*: the children's places hang on it, so it is stored as well, and removed at the end.
package struct ActiveBlocks: Sendable {
  private struct Name: Hashable {
    var hash: EngineBlockHash
    var group: Int?
  }

  private struct Block {
    /// A store of this block alone.
    var stored: StoredBlocks
    /// Its place in the order of first stores.
    var number: Int
    var copies = 0
    /// Blocks here, active or not, whose parent it is.
    var children = 0
  }

  private var blocks: [Name: Block] = [:]
  private var nextNumber = 0
  /// A block came under a parent that is not here: what hangs on it can't be told.
  private var isBroken = false

  /// Nothing has been published.
  package init() {}

  /// Takes the events of a message, in order.
  package mutating func apply(_ events: [EngineEvent]) {
    for event in events {
      switch event {
      case .stored(let run): store(run)
      case .removed(let removed):
        for hash in removed.hashes { remove(Name(hash: hash, group: removed.group)) }
      case .cleared: self = ActiveBlocks()
      }
    }
  }

  private mutating func store(_ run: StoredBlocks) {
    guard run.tokens.count == run.hashes.count * run.blockSize else {
      isBroken = true
      return
    }
    for (position, hash) in run.hashes.enumerated() {
      let name = Name(hash: hash, group: run.group)
      if blocks[name] == nil { insert(name, Self.part(position, of: run)) }
      blocks[name]?.copies += 1
    }
  }

  /// One block of a run, as a run of its own.
  private static func part(_ position: Int, of run: StoredBlocks) -> StoredBlocks {
    var part = run
    part.hashes = [run.hashes[position]]
    if position > 0 { part.parent = run.hashes[position - 1] }
    part.tokens = Array(run.tokens[position * run.blockSize..<(position + 1) * run.blockSize])
    if let keys = run.extraKeys, position < keys.count { part.extraKeys = [keys[position]] }
    return part
  }

  private mutating func insert(_ name: Name, _ stored: StoredBlocks) {
    if let parent = stored.parent {
      let parentName = Name(hash: parent, group: name.group)
      if blocks[parentName] == nil { isBroken = true }
      blocks[parentName]?.children += 1
    }
    blocks[name] = Block(stored: stored, number: nextNumber)
    nextNumber += 1
  }

  private mutating func remove(_ name: Name) {
    guard let block = blocks[name], block.copies > 0 else {
      isBroken = true
      return
    }
    blocks[name]?.copies -= 1
    forgetUnneeded(name)
  }

  /// Forgets a block that is gone and has no children here, and its ancestors of the same kind.
  private mutating func forgetUnneeded(_ name: Name) {
    var name = name
    while let block = blocks[name], block.copies == 0, block.children == 0 {
      blocks[name] = nil
      guard let parent = block.stored.parent else { return }
      name = Name(hash: parent, group: name.group)
      blocks[name]?.children -= 1
    }
  }

  /// Everything, as the events of messages of at most so many events each.
  ///
  /// - Returns: Nil where it can't be told, which a reset of the cache mends.
  package func snapshot(eventsMax: Int) -> [[EngineEvent]]? {
    guard !isBroken else { return nil }
    var events = [EngineEvent.cleared]
    let ordered = blocks.sorted { $0.value.number < $1.value.number }
    for (_, block) in ordered {
      for _ in 0..<max(block.copies, 1) { events.append(.stored(block.stored)) }
    }
    for (name, block) in ordered where block.copies == 0 {
      var removed = RemovedBlocks(hashes: [name.hash])
      removed.medium = block.stored.medium
      removed.group = name.group
      events.append(.removed(removed))
    }
    return stride(from: 0, to: events.count, by: eventsMax).map {
      Array(events[$0..<min($0 + eventsMax, events.count)])
    }
  }
}

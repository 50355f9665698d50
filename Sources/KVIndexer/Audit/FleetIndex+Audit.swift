/// What an audit looks at, of one source.
public struct AuditedSource: Sendable, Equatable {
  public var trust: Trust
  public var incarnation: Incarnation
  /// Tokens a block; nil before the first store.
  public var blockSize: Int?
  /// Since when nothing but its events decided what it holds.
  public var knownSince: CoarseTime
  /// Blocks of the first tier that are known, copies included.
  public var knownBlocks: Int
  /// Whether something was found to be wrong with what is known, until its cache is known anew.
  public var isDamaged: Bool
  var tally: BlockTally
  /// Whether the engine removes each copy of a block by itself, so that blocks can be counted.
  var isCounted: Bool

  /// How many blocks the engine may hold that are not known; nil where that can't be told.
  ///
  /// - Parameter capacity: Blocks of the first tier that it has room for.
  public func unknownMax(capacity: Int) -> Int? {
    isCounted ? tally.unknownMax(capacity: capacity) : nil
  }

  /// Whether more blocks are known than the engine has room for.
  public func exceeds(capacity: Int) -> Bool { isCounted && knownBlocks > capacity }
}

extension FleetIndex {
  /// What an audit looks at; nil when there is no such source.
  public func audited(_ id: SourceID) -> AuditedSource? {
    source(id).map { source in
      AuditedSource(
        trust: source.trust, incarnation: source.incarnation, blockSize: source.blockSize,
        knownSince: source.knownSince, knownBlocks: source.tally.known,
        isDamaged: source.damage != nil, tally: source.tally,
        isCounted: source.configuration.duplicates == .counted)
    }
  }

  /// Whether a source lost all that it held, and it held some, since a moment.
  ///
  /// - Parameter since: Monotonic nanoseconds; times are told to a tenth of a second, downwards.
  public func isEmptied(_ id: SourceID, since: UInt64) -> Bool {
    guard let emptied = source(id)?.emptied else { return false }
    return emptied.at >= CoarseTime(nanoseconds: since)
  }

  /// Whether a source holds a block of a prompt, whatever its trust and whatever comes before it.
  ///
  /// - Parameter number: From 0.
  public func holds(
    block number: Int, of prompt: borrowing PromptKeys, source id: SourceID
  ) -> Bool {
    guard let source = source(id), let blockSize = source.blockSize else { return false }
    let namespace = PromptKeys.Namespace(
      model: source.configuration.model, blockSize: blockSize)
    return holds(block: number, of: prompt.array(in: namespace), source: id)
  }
}

extension EventReader {
  /// Reads one event, or skips it and counts why.
  mutating func readEvent(into batch: inout EventBatch) throws(EventDecodingError) {
    let start = cursor
    let mark = EventBatchMark(batch)
    do throws(EventSkipCause) {
      var draft = EventDraft()
      if let count = cursor.readMapHeader() {
        try readMapEvent(count: count, into: &draft, of: &batch, since: mark)
      } else if let count = cursor.readArrayHeader() {
        try readArrayEvent(count: count, into: &draft, of: &batch, since: mark)
      } else {
        throw .wrongShape
      }
      try finish(&draft, in: &batch, since: mark)
    } catch {
      batch.rewind(to: mark)
      cursor = start
      try cursor.skip()
      var probe = start
      if probe.readEventTag() == .unknown {
        counters.unknownTags += 1
      } else {
        counters[error] += 1
        batch.skippedEvents += 1
      }
    }
  }

  @inline(__always)
  private mutating func readMapEvent(
    count: Int, into draft: inout EventDraft, of batch: inout EventBatch, since mark: EventBatchMark
  ) throws(EventSkipCause) {
    var unknownFields = 0
    for _ in 0..<count {
      guard let key = cursor.readText() else { throw .wrongShape }
      if let field = EventField(name: key) {
        try read(field, into: &draft, of: &batch, since: mark)
      } else {
        try skipValue()
        unknownFields += 1
      }
    }
    if draft.tag != .unknown { counters.unknownFields += unknownFields }
  }

  private mutating func readArrayEvent(
    count: Int, into draft: inout EventDraft, of batch: inout EventBatch, since mark: EventBatchMark
  ) throws(EventSkipCause) {
    guard count > 0 else { throw .wrongShape }
    try read(.tag, into: &draft, of: &batch, since: mark)
    guard case .known(let kind) = draft.tag else { throw .wrongShape }
    var extraElements = 0
    for position in 0..<(count - 1) {
      if let field = EventField(position: position, in: kind) {
        try read(field, into: &draft, of: &batch, since: mark)
      } else {
        try skipValue()
        extraElements += 1
      }
    }
    counters.extraElements += extraElements
  }

  /// Reads the value of `field`; one that came before is replaced.
  @inline(__always)
  private mutating func read(
    _ field: EventField, into draft: inout EventDraft, of batch: inout EventBatch,
    since mark: EventBatchMark
  ) throws(EventSkipCause) {
    switch field {
    case .tag:
      guard let name = cursor.readText() else { throw .wrongShape }
      draft.tag = EventTag(name: name)
    case .blockHashes:
      batch.hashes.setCount(mark.hashes)
      guard cursor.readHashes(into: &batch.hashes, seed: seed) != nil else { throw .badHash }
      draft.hasHashes = true
    case .parentBlockHash:
      draft.event.parent = cursor.readNil() ? nil : try readHash()
    case .tokenIDs:
      batch.tokens.setCount(mark.tokens)
      guard cursor.readTokens(into: &batch.tokens) != nil else { throw .badToken }
      draft.hasTokens = true
    case .blockSize:
      guard let size = cursor.readCount() else { throw .badNumber }
      draft.event.blockSize = size
      draft.hasBlockSize = true
    default:
      try readDetail(field, into: &draft)
    }
  }

  /// Reads a field that may be absent or nil.
  private mutating func readDetail(
    _ field: EventField, into draft: inout EventDraft
  ) throws(EventSkipCause) {
    let isNil = cursor.readNil()
    switch field {
    case .loraID: draft.event.loraID = isNil ? nil : try readSigned()
    case .medium: draft.event.medium = isNil ? .tier(.gpu) : Medium(name: try readText())
    case .loraName: draft.loraName = isNil ? nil : try readLoRAName()
    case .groupIndex: draft.event.group = isNil ? nil : try readCount()
    case .specKind: draft.specKind = isNil ? nil : CacheSpec.Kind(name: try readText())
    case .slidingWindow: draft.window = isNil ? nil : try readCount()
    case .locality:
      draft.isElsewhere = isNil ? false : try readText().saysIgnoringCase("remote")
    case .extraKeys:
      draft.extraKeys = isNil ? nil : cursor.position
      if !isNil { try skipValue() }
    case .tag, .blockHashes, .parentBlockHash, .tokenIDs, .blockSize, .ignored:
      if !isNil { try skipValue() }
    }
  }

  /// Checks that nothing is missing, and appends the event to the batch.
  @inline(__always)
  private mutating func finish(
    _ draft: inout EventDraft, in batch: inout EventBatch, since mark: EventBatchMark
  ) throws(EventSkipCause) {
    guard let tag = draft.tag else { throw .missingField }
    guard case .known(let kind) = tag else { throw .wrongShape }
    draft.event.kind = kind
    draft.event.medium = draft.medium
    draft.event.spec = draft.spec
    switch kind {
    case .stored:
      guard draft.hasHashes, draft.hasTokens, draft.hasBlockSize else { throw .missingField }
      if let place = draft.extraKeys {
        try readExtraDigests(at: place, loraName: draft.loraName, into: &batch)
      }
      if let name = draft.loraName {
        draft.event.lora = batch.loraNames.count
        batch.loraNames.append(name)
      }
      counters.stored += 1
    case .removed:
      guard draft.hasHashes else { throw .missingField }
      batch.tokens.setCount(mark.tokens)
      counters.removed += 1
    case .cleared:
      batch.rewind(to: mark)
      counters.cleared += 1
    }
    draft.event.hashes = mark.hashes..<batch.hashes.count
    draft.event.tokens = mark.tokens..<batch.tokens.count
    draft.event.extraDigests = mark.extraDigests..<batch.extraDigests.count
    if draft.event.medium == .unknown { counters.unknownMedia += 1 }
    batch.events.append(draft.event)
  }
}

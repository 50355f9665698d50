/// How an engine writes its events, as its first BlockStored of a message shows it.
///
/// The decoder takes every shape and does not tell them apart; whoever wants to know why salts or
/// adapters are missing does.
package struct EventShape: Sendable, Equatable {
  package enum Encoding: Sendable, Equatable { case array, map }

  package var batch: Encoding
  package var event: Encoding
  package var hasLoRAName = false
  package var hasExtraKeys = false
  package var hasGroup = false
  /// Whether block hashes are whole digests; else they are integers of 64 bits.
  package var hasByteHashes = false

  /// Looks at a message; nil when it is none, or stores no block.
  package init?(_ payload: UnsafeRawBufferPointer) {
    guard let start = payload.baseAddress else { return nil }
    var cursor = MsgpackCursor(start: start, count: payload.count)
    do throws(EventDecodingError) {
      guard let batch = try Self.enterEvents(&cursor) else { return nil }
      for _ in 0..<(cursor.readArrayHeader() ?? 0) {
        var inside = cursor
        try cursor.skip()
        if let found = try Self.stored(&inside, batch) {
          self = found
          return
        }
      }
      return nil
    } catch {
      return nil
    }
  }

  private init(batch: Encoding, event: Encoding) {
    self.batch = batch
    self.event = event
  }

  /// Moves to the list of events.
  private static func enterEvents(
    _ cursor: inout MsgpackCursor
  ) throws(EventDecodingError) -> Encoding? {
    if let count = cursor.readArrayHeader() {
      guard count >= 2 else { return nil }
      try cursor.skip()
      return .array
    }
    for _ in 0..<(cursor.readMapHeader() ?? 0) {
      guard let key = cursor.readText() else { return nil }
      if key.says("events") { return .map }
      try cursor.skip()
    }
    return nil
  }

  /// The shape of the event that the cursor is at; nil when it stores nothing.
  private static func stored(
    _ cursor: inout MsgpackCursor, _ batch: Encoding
  ) throws(EventDecodingError) -> EventShape? {
    if let count = cursor.readArrayHeader(), count > 0 {
      guard cursor.readText().map(EventTag.init) == .known(.stored) else { return nil }
      var shape = EventShape(batch: batch, event: .array)
      for position in 0..<count - 1 {
        shape.note(EventField(position: position, in: .stored), at: cursor)
        try cursor.skip()
      }
      return shape
    }
    guard let count = cursor.readMapHeader() else { return nil }
    var shape = EventShape(batch: batch, event: .map)
    var isStored = false
    for _ in 0..<count {
      guard let name = cursor.readText() else { return nil }
      let field = EventField(name: name)
      if field == .tag, let tag = cursor.readText() {
        isStored = EventTag(name: tag) == .known(.stored)
        continue
      }
      shape.note(field, at: cursor)
      try cursor.skip()
    }
    return isStored ? shape : nil
  }

  /// Takes note of a field whose value the cursor is at.
  private mutating func note(_ field: EventField?, at cursor: MsgpackCursor) {
    switch field {
    case .loraName: hasLoRAName = true
    case .extraKeys: hasExtraKeys = true
    case .groupIndex: hasGroup = true
    case .blockHashes:
      var inside = cursor
      if inside.readArrayHeader() ?? 0 > 0 { hasByteHashes = inside.readBinary() != nil }
    default: break
    }
  }
}

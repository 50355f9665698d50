/// One pass over one message: the cursor, and what it counted on the way.
///
/// Faults come on two levels. Bytes that are no msgpack, or no batch, end the pass
/// (`EventDecodingError`). An event that is well-formed but not understood (`EventSkipCause`) is
/// walked over with `skip`, its values are taken out of the buffers, and the pass goes on.
struct EventReader: ~Copyable {
  var cursor: MsgpackCursor
  let seed: UInt64
  var counters = EventDecodingCounters()
  /// The adapter of the event before: most batches name one adapter many times.
  var recentLoRAName: String?

  init(cursor: MsgpackCursor, seed: UInt64, recentLoRAName: String?) {
    self.cursor = cursor
    self.seed = seed
    self.recentLoRAName = recentLoRAName
  }

  /// Reads the whole message: `[ts, events, rank, …]`, or a map with these as keys.
  mutating func readBatch(into batch: inout EventBatch) throws(EventDecodingError) {
    if let count = cursor.readArrayHeader() {
      try readArrayBatch(count: count, into: &batch)
    } else if let count = cursor.readMapHeader() {
      try readMapBatch(count: count, into: &batch)
    } else {
      throw unexpectedValue()
    }
    guard cursor.isAtEnd else { throw EventDecodingError(.trailingBytes, at: cursor.offset) }
    counters.batches = 1
  }

  private mutating func readArrayBatch(
    count: Int, into batch: inout EventBatch
  ) throws(EventDecodingError) {
    guard count >= 2 else { throw EventDecodingError(.wrongShape, at: 0) }
    try readTimestamp(into: &batch)
    try readEvents(into: &batch)
    if count > 2 { try readRank(into: &batch) }
    for _ in 3..<max(count, 3) {
      try cursor.skip()
      counters.extraElements += 1
    }
  }

  /// Finds the fields first: with duplicate keys the last one counts.
  private mutating func readMapBatch(
    count: Int, into batch: inout EventBatch
  ) throws(EventDecodingError) {
    let start = cursor.offset
    var timestamp: UnsafeRawPointer?
    var events: UnsafeRawPointer?
    var rank: UnsafeRawPointer?
    for _ in 0..<count {
      guard let key = cursor.readText() else { throw unexpectedValue() }
      if key.says("ts") {
        timestamp = cursor.position
      } else if key.says("events") {
        events = cursor.position
      } else if key.says("data_parallel_rank") {
        rank = cursor.position
      } else {
        counters.unknownFields += 1
      }
      try cursor.skip()
    }
    let end = cursor.position
    guard let timestamp, let events else { throw EventDecodingError(.missingField, at: start) }
    cursor.move(to: timestamp)
    try readTimestamp(into: &batch)
    cursor.move(to: events)
    try readEvents(into: &batch)
    if let rank {
      cursor.move(to: rank)
      try readRank(into: &batch)
    }
    cursor.move(to: end)
  }

  private mutating func readTimestamp(into batch: inout EventBatch) throws(EventDecodingError) {
    guard let seconds = cursor.readNumber() else { throw unexpectedValue() }
    batch.timestamp = seconds
  }

  private mutating func readEvents(into batch: inout EventBatch) throws(EventDecodingError) {
    guard let count = cursor.readArrayHeader() else { throw unexpectedValue() }
    for _ in 0..<count { try readEvent(into: &batch) }
  }

  private mutating func readRank(into batch: inout EventBatch) throws(EventDecodingError) {
    if cursor.readNil() {
      batch.dataParallelRank = nil
      return
    }
    guard let rank = cursor.readCount() else { throw unexpectedValue() }
    batch.dataParallelRank = rank
  }

  /// The fault here, where the batch needs something else: broken bytes, or the wrong value.
  private func unexpectedValue() -> EventDecodingError {
    var probe = cursor
    do {
      try probe.skip()
      return EventDecodingError(.wrongShape, at: cursor.offset)
    } catch {
      return error
    }
  }
}

extension MsgpackCursor {
  /// An integer from 0 to 2^32 - 1: products of two such numbers do not overflow an `Int` count.
  @inline(__always)
  mutating func readCount() -> Int? {
    var probe = self
    guard let value = probe.readInteger(), !value.isNegative, value.bits <= UInt64(UInt32.max)
    else { return nil }
    self = probe
    return Int(value.bits)
  }
}

import Glibc

/// Single values of an event, each with the cause that its absence is counted under.
extension EventReader {
  mutating func readHash() throws(EventSkipCause) -> EngineHash {
    guard let hash = cursor.readHash(seed: seed) else { throw .badHash }
    return hash
  }

  mutating func readCount() throws(EventSkipCause) -> Int {
    guard let count = cursor.readCount() else { throw .badNumber }
    return count
  }

  mutating func readSigned() throws(EventSkipCause) -> Int {
    guard let value = cursor.readInteger(), value.isNegative || value.bits <= UInt64(Int.max)
    else { throw .badNumber }
    return Int(truncatingIfNeeded: value.bits)
  }

  mutating func readText() throws(EventSkipCause) -> UnsafeRawBufferPointer {
    guard let text = cursor.readText() else { throw .badText }
    return text
  }

  mutating func readLoRAName() throws(EventSkipCause) -> String {
    let text = try readText()
    if let recentLoRAName, recentLoRAName.isEqual(toUTF8: text) { return recentLoRAName }
    guard let name = String(validating: text, as: UTF8.self) else { throw .badText }
    recentLoRAName = name
    return name
  }

  /// Broken bytes look like a wrong shape here: skipping the whole event then tells what they are.
  mutating func skipValue() throws(EventSkipCause) {
    do { try cursor.skip() } catch { throw .wrongShape }
  }
}

extension String {
  func isEqual(toUTF8 text: UnsafeRawBufferPointer) -> Bool {
    guard utf8.count == text.count, let bytes = text.baseAddress else { return false }
    let isEqual = utf8.withContiguousStorageIfAvailable { name in
      name.baseAddress.map { memcmp($0, bytes, name.count) == 0 } ?? true
    }
    return isEqual ?? utf8.elementsEqual(text)
  }
}

extension MsgpackCursor {
  /// The tag of the event that starts here, wherever in it the tag is; the last one counts.
  ///
  /// - Returns: Nil when it has none that is text. Broken bytes end the search.
  mutating func readEventTag() -> EventTag? {
    if readArrayHeader() != nil { return readText().map(EventTag.init) }
    guard let count = readMapHeader() else { return nil }
    var tag: EventTag?
    for _ in 0..<count {
      if let key = readText() {
        var value = self
        if key.says("type") { tag = value.readText().map(EventTag.init) }
      } else {
        guard (try? skip()) != nil else { return tag }
      }
      guard (try? skip()) != nil else { return tag }
    }
    return tag
  }
}

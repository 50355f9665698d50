/// Lists in lists of extra keys that are folded; engines nest them once.
private let extraKeyDepthMax = 4

extension EventReader {
  /// Appends a digest for each block that `extra_keys`, which starts at `place`, has an entry for.
  mutating func readExtraDigests(
    at place: UnsafeRawPointer, loraName: String?, into batch: inout EventBatch
  ) throws(EventSkipCause) {
    var keys = cursor
    keys.move(to: place)
    guard let blocks = keys.readArrayHeader() else { throw .badExtraKeys }
    batch.extraDigests.reserve(blocks)
    for _ in 0..<blocks {
      if keys.readNil() {
        batch.extraDigests.appendReserved(0)
      } else {
        guard let digest = keys.readExtraDigest(seed: seed, loraName: loraName) else {
          throw .badExtraKeys
        }
        batch.extraDigests.appendReserved(digest)
      }
    }
  }
}

extension MsgpackCursor {
  /// The digest of the entries of one block, or nil when they can't be folded.
  ///
  /// vLLM puts the adapter's name first, untagged like the cache salt: exactly that one is left
  /// out, so that a salt that happens to be equal is kept.
  fileprivate mutating func readExtraDigest(seed: UInt64, loraName: String?) -> UInt64? {
    guard var count = readArrayHeader() else { return nil }
    var hasher = ExtraKeyHasher(seed: seed)
    if count > 0, let loraName {
      var first = self
      if let text = first.readText(), loraName.isEqual(toUTF8: text) {
        self = first
        count -= 1
      }
    }
    for _ in 0..<count {
      guard fold(into: &hasher, depth: 1) else { return nil }
    }
    return hasher.digest()
  }

  private mutating func fold(into hasher: inout ExtraKeyHasher, depth: Int) -> Bool {
    if let text = readText() {
      hasher.add(text: text)
    } else if let bytes = readBinary() {
      hasher.add(bytes: bytes)
    } else if let integer = readInteger() {
      hasher.add(integer: integer.bits)
    } else if depth < extraKeyDepthMax, let count = readArrayHeader() {
      hasher.addList(count: count)
      for _ in 0..<count {
        guard fold(into: &hasher, depth: depth + 1) else { return false }
      }
    } else {
      return false
    }
    return true
  }
}

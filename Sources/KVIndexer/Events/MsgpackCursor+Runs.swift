import CXXH

/// The two long runs of an event, token ids and block hashes: where decoding spends its time.
extension MsgpackCursor {
  /// Appends an array of token ids to `tokens`.
  ///
  /// - Returns: The count of ids; nil, with `tokens` as before, when this is no such array.
  @inline(__always)
  mutating func readTokens(into tokens: inout GrowableBuffer<TokenID>) -> Int? {
    guard let count = readArrayHeader() else { return nil }
    tokens.reserve(count)
    let first = tokens.count
    let output = tokens.pointer(at: first)
    var index = 0
    while index < count {
      index = readShortTokens(into: output, from: index, to: count)
      guard index < count else { break }
      // The last bytes of a message, or an integer that is wider or signed.
      guard let value = readInteger(), !value.isNegative, value.bits <= UInt64(TokenID.max) else {
        return nil
      }
      output[index] = TokenID(truncatingIfNeeded: value.bits)
      index += 1
    }
    tokens.setCount(first + count)
    return count
  }

  /// Reads ids of one, two, three and five bytes while eight bytes are left for a load.
  ///
  /// Ids of two and four bytes alternate without a pattern in real vocabularies, so their width
  /// decides no branch: it is computed from the tag. Tags 0xcc, 0xcd, 0xce announce 1, 2, 4 bytes.
  @inline(__always)
  private mutating func readShortTokens(
    into output: UnsafeMutablePointer<TokenID>, from first: Int, to count: Int
  ) -> Int {
    var index = first
    var place = position
    while index < count, end - place >= 8 {
      let word = UInt64(bigEndian: place.loadUnaligned(as: UInt64.self))
      let tag = UInt8(truncatingIfNeeded: word &>> 56)
      let isWide = UInt64(tag &>> 7)
      guard isWide == 0 || tag &- 0xcc <= 2 else { break }
      let width = isWide &<< UInt64(tag & 3)
      let bits = isWide &<< 3
      output[index] = TokenID(
        truncatingIfNeeded: (word &<< bits) &>> (64 &- 8 &* max(width, 1)))
      place += Int(1 &+ width)
      index &+= 1
    }
    advance(place - position)
    return index
  }

  /// Appends an array of block hashes to `hashes`, those of bytes reduced under `seed`.
  ///
  /// - Returns: The count of hashes; nil, with `hashes` as before, when this is no such array.
  @inline(__always)
  mutating func readHashes(into hashes: inout GrowableBuffer<EngineHash>, seed: UInt64) -> Int? {
    guard let count = readArrayHeader() else { return nil }
    hashes.reserve(count)
    let first = hashes.count
    let output = hashes.pointer(at: first)
    for index in 0..<count {
      guard let hash = readHash(seed: seed) else { return nil }
      output[index] = hash
    }
    hashes.setCount(first + count)
    return count
  }

  @inline(__always)
  mutating func readHash(seed: UInt64) -> EngineHash? {
    if remaining >= 9, tag == 0xcf {
      let hash = EngineHash(bigEndian(UInt64.self))
      advance(9)
      return hash
    }
    return readRareHash(seed: seed)
  }

  /// A hash that happens to be small, is signed, or is the engine's whole digest.
  private mutating func readRareHash(seed: UInt64) -> EngineHash? {
    if let digest = readBinary() ?? readText() {
      return EngineHash(XXH3_64bits_withSeed(digest.baseAddress, digest.count, seed))
    }
    return readInteger().map { EngineHash($0.bits) }
  }
}

import CXXH

/// Hashes a text block by block while it comes in runs of any length.
///
///     block(i) = XXH3_64(bytes of block i, seed: block(i − 1)),   block(−1) = root
///
/// Runs are hashed where they are; only what a block's boundary cuts is copied.
struct TextBlocks {
  static let bytesPerToken = 4

  private let tokensPerMedium: Int
  private var last: UInt64
  private var byteCount = 0
  private var blocks: [EstimatedBlock] = []
  /// The block that is not full yet, and how much of it there is.
  private var open: [UInt8]
  private var openCount = 0

  init(root: UInt64, bytesPerBlock: Int, tokensPerMedium: Int, likelyBytes: Int) {
    last = root
    self.tokensPerMedium = tokensPerMedium
    open = [UInt8](repeating: 0, count: bytesPerBlock)
    blocks.reserveCapacity(likelyBytes / bytesPerBlock)
  }

  mutating func append(_ run: UnsafeRawBufferPointer) {
    byteCount += run.count
    var next = 0
    if openCount > 0 {
      next = fill(with: run, from: 0)
      guard openCount == open.count else { return }
      last = open.withUnsafeBytes { [last] in Self.hash($0, last) }
      blocks.append(EstimatedBlock(bits: last))
      openCount = 0
    }
    while run.count - next >= open.count {
      last = Self.hash(UnsafeRawBufferPointer(rebasing: run[next..<next + open.count]), last)
      blocks.append(EstimatedBlock(bits: last))
      next += open.count
    }
    _ = fill(with: run, from: next)
  }

  private static func hash(_ block: UnsafeRawBufferPointer, _ parent: UInt64) -> UInt64 {
    XXH3_64bits_withSeed(block.baseAddress, block.count, parent)
  }

  /// Copies as much of `run` as the open block has room for; returns the offset of what is left.
  @inline(__always)
  private mutating func fill(with run: UnsafeRawBufferPointer, from start: Int) -> Int {
    let count = min(run.count - start, open.count - openCount)
    guard count > 0 else { return start }
    open.withUnsafeMutableBytes { [openCount] block in
      UnsafeMutableRawBufferPointer(rebasing: block[openCount...])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: run[start..<start + count]))
    }
    openCount += count
    return start + count
  }

  func finish() -> EstimatedPrompt {
    EstimatedPrompt(
      promptTokens: (byteCount + Self.bytesPerToken - 1) / Self.bytesPerToken, blocks: blocks)
  }
}

extension TextBlocks: ConversationVisitor {
  static var wantsRoleFirst: Bool { true }

  mutating func text(_ cursor: inout JSONCursor) throws(JSONError) {
    try cursor.stringRuns { append($0) }
  }

  mutating func json(_ cursor: inout JSONCursor) throws(JSONError) {
    append(UnsafeRawBufferPointer(rebasing: cursor.bytes[try cursor.rawValue()]))
  }

  mutating func media(_ bytes: UnsafeRawBufferPointer) {
    let hash = UInt32(truncatingIfNeeded: XXH3_64bits(bytes.baseAddress, bytes.count))
    withUnsafeBytes(of: hash) { token in
      for _ in 0..<tokensPerMedium { append(token) }
    }
  }
}

/// Small variable-sized blocks of 64-bit words, named by 32-bit handles.
///
/// Sizes are rounded up to classes, four to a doubling, each with a free list; a freed block keeps
/// the next one's handle in its first word.
struct WordArena: ~Copyable {
  private let memory: ReservedMemory<UInt64>
  private var free: [UInt32]
  private var used: UInt32 = 1
  private(set) var wordsInUse = 0

  init(wordsMax: Int) {
    memory = ReservedMemory(capacity: min(wordsMax, Int(UInt32.max) - 1))
    free = Array(repeating: 0, count: Self.classOf(words: Int(UInt32.max)) + 1)
  }

  /// Words ever touched; what the process holds resident.
  var wordsTouched: Int { Int(used) }

  @inline(__always)
  subscript(handle: UInt32) -> UnsafeMutablePointer<UInt64> { memory.base + Int(handle) }

  /// The size that a request for `words` really gets.
  @inline(__always)
  static func rounded(words: Int) -> Int {
    if words <= 4 { return max(words, 1) }
    let shift = Int.bitWidth - (words - 1).leadingZeroBitCount - 3
    return ((words - 1) >> shift + 1) << shift
  }

  @inline(__always)
  private static func classOf(words: Int) -> Int {
    if words <= 4 { return max(words, 1) - 1 }
    let shift = Int.bitWidth - (words - 1).leadingZeroBitCount - 3
    return shift * 4 + (words - 1) >> shift
  }

  /// A block of at least `words` words, its contents undefined; its handle is never 0.
  mutating func allocate(words: Int) -> UInt32 {
    let size = Self.rounded(words: words)
    let sizeClass = Self.classOf(words: size)
    let head = free[sizeClass]
    if head != 0 {
      free[sizeClass] = UInt32(truncatingIfNeeded: self[head].pointee)
      wordsInUse += size
      return head
    }
    precondition(Int(used) + size <= memory.capacity, "word arena of \(memory.capacity) is full")
    let handle = used
    used += UInt32(size)
    wordsInUse += size
    return handle
  }

  /// Gives back a block that was allocated for `words`.
  mutating func release(_ handle: UInt32, words: Int) {
    let size = Self.rounded(words: words)
    let sizeClass = Self.classOf(words: size)
    self[handle].pointee = UInt64(free[sizeClass])
    free[sizeClass] = handle
    wordsInUse -= size
  }
}

/// What one lane holds of one node.
enum Coverage: Equatable {
  case nothing
  /// The first `n` blocks, `n` ≥ 1.
  case cut(Int)
  /// A bitmap in the word arena: its word count, then its bits. Only while there are holes.
  case map(UInt32)
}

/// A holder of a node in one word: its lane, and a cut or the handle of a bitmap.
struct Holder: BitwiseCopyable {
  var bits: UInt64

  @inline(__always)
  init(bits: UInt64) { self.bits = bits }

  @inline(__always)
  init(_ lane: LaneID, _ coverage: Coverage) {
    switch coverage {
    case .nothing: preconditionFailure("a holder holds something")
    case .cut(let length): bits = UInt64(lane.index) | UInt64(length) << 32
    case .map(let handle): bits = UInt64(lane.index) | 1 << 16 | UInt64(handle) << 32
    }
  }

  var lane: Int { @inline(__always) get { Int(truncatingIfNeeded: bits & 0xFFFF) } }
  var isMap: Bool { @inline(__always) get { bits & 1 << 16 != 0 } }
  var value: UInt32 { @inline(__always) get { UInt32(truncatingIfNeeded: bits >> 32) } }

  var coverage: Coverage {
    @inline(__always) get { isMap ? .map(value) : .cut(Int(value)) }
  }
}

extension PrefixIndex {
  /// Blocks from the first one without a hole.
  @inline(__always)
  func leading(_ holder: Holder) -> Int {
    holder.isMap ? leadingOfMap(holder.value) : Int(holder.value)
  }

  func leadingOfMap(_ handle: UInt32) -> Int {
    let map = words[handle]
    let count = Int(map[0])
    for index in 0..<count where map[1 + index] != .max {
      return index * 64 + (~map[1 + index]).trailingZeroBitCount
    }
    return count * 64
  }

  @inline(__always)
  func holds(_ coverage: Coverage, _ offset: Int) -> Bool {
    switch coverage {
    case .nothing: return false
    case .cut(let length): return offset < length
    case .map(let handle):
      let map = words[handle]
      guard offset >> 6 < Int(map[0]) else { return false }
      return map[1 + offset >> 6] >> UInt64(offset & 63) & 1 != 0
    }
  }

  /// `coverage` with `range` added; a bitmap is changed in place or replaced.
  mutating func adding(_ range: Range<Int>, to coverage: Coverage) -> Coverage {
    switch coverage {
    case .nothing:
      if range.lowerBound == 0 { return .cut(range.upperBound) }
      return .map(makeMap(holding: range, bits: range.upperBound))
    case .cut(let length):
      if range.lowerBound <= length { return .cut(max(length, range.upperBound)) }
      let handle = makeMap(holding: 0..<length, bits: range.upperBound)
      setBits(handle, range)
      return .map(handle)
    case .map(let handle):
      let grown = resizedMap(handle, bits: range.upperBound)
      setBits(grown, range)
      return simplified(grown)
    }
  }

  /// `coverage`, which holds `offset`, without it.
  mutating func removing(_ offset: Int, from coverage: Coverage) -> Coverage {
    switch coverage {
    case .nothing: return .nothing
    case .cut(let length):
      if offset == length - 1 { return length == 1 ? .nothing : .cut(length - 1) }
      let handle = makeMap(holding: 0..<length, bits: length)
      words[handle][1 + offset >> 6] &= ~(1 << UInt64(offset & 63))
      return .map(handle)
    case .map(let handle):
      words[handle][1 + offset >> 6] &= ~(1 << UInt64(offset & 63))
      return simplified(handle)
    }
  }

  /// The parts of `coverage` before and from `offset` on; its bitmap is released.
  mutating func split(_ coverage: Coverage, at offset: Int) -> (Coverage, Coverage) {
    switch coverage {
    case .nothing: return (.nothing, .nothing)
    case .cut(let length):
      if length <= offset { return (.cut(length), .nothing) }
      return (offset == 0 ? .nothing : .cut(offset), .cut(length - offset))
    case .map(let handle):
      var left = Coverage.nothing
      var right = Coverage.nothing
      var index = 0
      while let run = nextRun(handle, from: index) {
        if run.lowerBound < offset {
          left = adding(run.lowerBound..<min(run.upperBound, offset), to: left)
        }
        if run.upperBound > offset {
          right = adding(max(run.lowerBound, offset) - offset..<run.upperBound - offset, to: right)
        }
        index = run.upperBound
      }
      releaseMap(handle)
      return (left, right)
    }
  }

  /// The next stretch of held blocks at or after `start`.
  func nextRun(_ handle: UInt32, from start: Int) -> Range<Int>? {
    guard let lower = nextBit(handle, from: start, inverted: false) else { return nil }
    let end = nextBit(handle, from: lower, inverted: true)
    return lower..<(end ?? Int(words[handle][0]) * 64)
  }

  private func nextBit(_ handle: UInt32, from start: Int, inverted: Bool) -> Int? {
    let bits = Int(words[handle][0]) * 64
    let map = words[handle] + 1
    var index = start
    while index < bits {
      let word = (inverted ? ~map[index >> 6] : map[index >> 6]) >> UInt64(index & 63)
      if word != 0 { return index + word.trailingZeroBitCount }
      index = (index | 63) + 1
    }
    return nil
  }

  private mutating func makeMap(holding range: Range<Int>, bits: Int) -> UInt32 {
    let count = (bits + 63) / 64
    let handle = words.allocate(words: count + 1)
    let map = words[handle]
    map[0] = UInt64(count)
    for index in 0..<count { map[1 + index] = 0 }
    setBits(handle, range)
    return handle
  }

  private mutating func resizedMap(_ handle: UInt32, bits: Int) -> UInt32 {
    let old = Int(words[handle][0])
    let count = (bits + 63) / 64
    if count <= old { return handle }
    let grown = words.allocate(words: count + 1)
    let map = words[grown]
    map[0] = UInt64(count)
    for index in 0..<count { map[1 + index] = index < old ? words[handle][1 + index] : 0 }
    releaseMap(handle)
    return grown
  }

  mutating func releaseMap(_ handle: UInt32) {
    words.release(handle, words: Int(words[handle][0]) + 1)
  }

  private func setBits(_ handle: UInt32, _ range: Range<Int>) {
    let map = words[handle] + 1
    var index = range.lowerBound
    while index < range.upperBound {
      let end = min((index | 63) + 1, range.upperBound)
      let ones = UInt64.max >> UInt64(64 - (end - index))
      map[index >> 6] |= ones << UInt64(index & 63)
      index = end
    }
  }

  /// A cut, or nothing, where the bitmap has no holes left.
  private mutating func simplified(_ handle: UInt32) -> Coverage {
    let lead = leadingOfMap(handle)
    if nextBit(handle, from: lead, inverted: false) != nil {
      return .map(handle)
    }
    releaseMap(handle)
    return lead == 0 ? .nothing : .cut(lead)
  }
}

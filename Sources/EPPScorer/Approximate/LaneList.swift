/// A set of lanes in one word: up to six of them, or the handle of a bitset.
///
///     63      62 … 60   59 … 50   …   9 … 0
///     0       count     lane 6    …   lane 1      fields beyond the count are 0
///     1       –         handle of a bitset
///
/// It is a bitset exactly while it has more than six lanes.
struct LaneList: BitwiseCopyable {
  static var inlineMax: Int { 6 }
  static var laneBits: Int { 10 }
  private static var wideBit: UInt64 { 1 << 63 }
  private static var laneMask: UInt64 { (1 << UInt64(laneBits)) - 1 }

  private var word: UInt64 = 0

  init() {}

  @inline(__always)
  init(_ lane: Int) { word = UInt64(truncatingIfNeeded: lane) | 1 << 60 }

  @inline(__always)
  init(handle: UInt32) { word = Self.wideBit | UInt64(handle) }

  var isEmpty: Bool { @inline(__always) get { word == 0 } }
  var isWide: Bool { @inline(__always) get { word & Self.wideBit != 0 } }
  var handle: UInt32 { @inline(__always) get { UInt32(truncatingIfNeeded: word) } }

  /// Lanes of a list that is no bitset.
  var count: Int { @inline(__always) get { Int(truncatingIfNeeded: word >> 60) } }

  /// A lane of a list that is no bitset.
  subscript(index: Int) -> Int {
    @inline(__always) get {
      Int(
        truncatingIfNeeded: word >> UInt64(truncatingIfNeeded: index &* Self.laneBits)
          & Self.laneMask)
    }
  }

  /// Appends to a list that is no bitset and not full.
  @inline(__always)
  mutating func append(_ lane: Int) {
    let place = UInt64(truncatingIfNeeded: count &* Self.laneBits)
    word = (word | UInt64(truncatingIfNeeded: lane) << place) &+ 1 << 60
  }

  /// The place of `lane` in a list that is no bitset; nil when it is not there.
  @inline(__always)
  func firstIndex(of lane: Int) -> Int? {
    var index = 0
    while index < count {
      if self[index] == lane { return index }
      index &+= 1
    }
    return nil
  }

  /// Takes the lane at `index` out of a list that is no bitset; the last one takes its place.
  mutating func remove(at index: Int) {
    let last = count - 1
    let moved = UInt64(self[index] ^ self[last])
    word ^= moved << UInt64(index * Self.laneBits)
    word ^= UInt64(self[last]) << UInt64(last * Self.laneBits)
    word = last == 0 ? 0 : word - 1 << 60
  }
}

/// The bitsets of blocks that many lanes hold.
struct LaneSetArena: ~Copyable {
  /// Words of a bitset.
  private(set) var words = 1
  private var memory: [UInt64] = []
  private var free: [UInt32] = []

  var bytes: Int { memory.capacity * 8 + free.capacity * 4 }
  /// Bitsets in use.
  var count: Int { memory.count / words - free.count }

  /// Widens every bitset to `laneCount` lanes.
  mutating func reserve(lanes laneCount: Int) {
    let wanted = (laneCount + 63) / 64
    guard wanted > words else { return }
    var wider = Array(repeating: UInt64(0), count: memory.count / words * wanted)
    for set in 0..<memory.count / words {
      for word in 0..<words { wider[set * wanted + word] = memory[set * words + word] }
    }
    memory = wider
    words = wanted
  }

  /// Calls `body` with the words of all bitsets, that of handle `h` at `h * words`.
  @inline(__always)
  func withWords<R>(_ body: (UnsafePointer<UInt64>?) -> R) -> R {
    memory.withUnsafeBufferPointer { body($0.baseAddress) }
  }

  func contains(_ list: LaneList, _ lane: Int) -> Bool {
    guard list.isWide else { return list.firstIndex(of: lane) != nil }
    return memory[Int(list.handle) * words + lane / 64] >> UInt64(lane % 64) & 1 == 1
  }

  /// Adds `lane`, which is not in `list`.
  @inline(__always)
  mutating func insert(_ lane: Int, into list: inout LaneList) {
    if list.isWide {
      memory[Int(list.handle) &* words &+ lane >> 6] |= 1 << UInt64(lane & 63)
    } else if list.count < LaneList.inlineMax {
      list.append(lane)
    } else {
      widen(&list)
      memory[Int(list.handle) * words + lane / 64] |= 1 << UInt64(lane % 64)
    }
  }

  private mutating func widen(_ list: inout LaneList) {
    let handle: UInt32
    if let reused = free.popLast() {
      handle = reused
    } else {
      handle = UInt32(memory.count / words)
      memory.append(contentsOf: repeatElement(0, count: words))
    }
    for index in 0..<list.count {
      let lane = list[index]
      memory[Int(handle) * words + lane / 64] |= 1 << UInt64(lane % 64)
    }
    list = LaneList(handle: handle)
  }

  /// Takes `lane`, which is in `list`, out of it.
  @inline(__always)
  mutating func remove(_ lane: Int, from list: inout LaneList) {
    guard list.isWide else {
      guard let index = list.firstIndex(of: lane) else {
        preconditionFailure("lane \(lane) is no holder of a block that it lists")
      }
      return list.remove(at: index)
    }
    let start = Int(list.handle) * words
    memory[start + lane / 64] &= ~(1 << UInt64(lane % 64))
    var count = 0
    for word in 0..<words { count += memory[start + word].nonzeroBitCount }
    if count <= LaneList.inlineMax { narrow(&list) }
  }

  private mutating func narrow(_ list: inout LaneList) {
    let start = Int(list.handle) * words
    free.append(list.handle)
    list = LaneList()
    for word in 0..<words {
      var rest = memory[start + word]
      memory[start + word] = 0
      while rest != 0 {
        list.append(word * 64 + rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
  }

  /// The lanes of `list`, in no order.
  func lanes(of list: LaneList) -> [Int] {
    guard list.isWide else { return (0..<list.count).map { list[$0] } }
    return (0..<words * 64).filter { contains(list, $0) }
  }
}

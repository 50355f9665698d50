import CIntrinsics
import Glibc

/// A hash table from 64-bit keys to 32-bit handles that stores no keys.
///
///     segment (by the top bits of the mixed key)          bucket: one cache line
///     ┌─────────┬─────────┬───┐   buckets   ┌──────────────┬──────────┬─┬────────────────────┐
///     │ segment │ segment │ … │ ──────────▶ │ 12 tags, 1 B │ overflow │ │ 12 handles of 4 B  │
///     └─────────┴─────────┴───┘             └──────────────┴──────────┴─┴────────────────────┘
///
/// A tag is 8 bits of the mixed key, 0 for an empty slot; a hit is verified against the key that
/// the handle's record holds (`records + handle << shift`), so an entry costs 5 bytes at full load.
/// A full bucket spills into the next and counts it in `overflow`; removal counts it down again, so
/// there are no tombstones and churn leaves no trace. A segment grows by a quarter, and shrinks by a
/// third, on its own: a resize moves thousands of entries, never millions, and memory follows the
/// load closely.
///
/// Rejected: keys in the table (16 bytes an entry); one big power-of-two array (half empty after a
/// doubling, and a pause as long as the table is large).
struct HandleTable: ~Copyable {
  private struct Segment: BitwiseCopyable {
    var buckets: UnsafeMutableRawPointer?
    var bucketCount: UInt32
    var entries: UInt32
  }

  static var slots: Int { 12 }
  static var none: UInt32 { .max }
  private static var bucketBytes: Int { 64 }

  private let segments: UnsafeMutablePointer<Segment>
  private let segmentShift: UInt64
  private let segmentCount: Int
  private let records: UnsafeRawPointer
  private let recordShift: Int
  private(set) var count = 0
  private(set) var bucketsInUse = 0

  /// A table over `records`: the key of handle `h` is the word at `records + h << recordShift`.
  init(segmentBits: Int, records: UnsafeRawPointer, recordShift: Int) {
    segmentCount = 1 << segmentBits
    segmentShift = UInt64(64 - segmentBits)
    segments = .allocate(capacity: segmentCount)
    segments.initialize(
      repeating: Segment(buckets: nil, bucketCount: 0, entries: 0), count: segmentCount)
    self.records = records
    self.recordShift = recordShift
  }

  deinit {
    for index in 0..<segmentCount { free(segments[index].buckets) }
    segments.deallocate()
  }

  var bytes: Int {
    bucketsInUse * Self.bucketBytes + segmentCount * MemoryLayout<Segment>.stride
  }

  @inline(__always)
  private static func mix(_ key: UInt64) -> UInt64 {
    let mixed = (key ^ (key >> 32)) &* 0x9E37_79B9_7F4A_7C15
    return mixed ^ (mixed >> 32)
  }

  @inline(__always)
  private static func home(_ mixed: UInt64, of bucketCount: UInt32) -> Int {
    Int(truncatingIfNeeded: (((mixed >> 12) & 0xFFFF_FFFF) &* UInt64(bucketCount)) >> 32)
  }

  @inline(__always)
  private static func tag(_ mixed: UInt64) -> UInt8 {
    let low = UInt8(truncatingIfNeeded: mixed)
    return low == 0 ? 1 : low
  }

  /// Starts loading the bucket of `key`.
  @inline(__always)
  func prefetch(_ key: UInt64) {
    let mixed = Self.mix(key)
    let segment = segments + Int(truncatingIfNeeded: mixed >> segmentShift)
    guard let buckets = segment.pointee.buckets else { return }
    ci_prefetch(buckets + Self.home(mixed, of: segment.pointee.bucketCount) &* Self.bucketBytes)
  }

  /// The handle whose record holds `key`, or `none`.
  @inline(__always)
  func find(_ key: UInt64) -> UInt32 {
    guard let place = locate(key) else { return Self.none }
    return handle(at: place)
  }

  /// Where an entry is; valid until the table is next changed.
  struct Place {
    fileprivate var segment: Int
    fileprivate var home: Int
    fileprivate var index: Int
    fileprivate var bucket: UnsafeMutableRawPointer
    fileprivate var slot: Int
  }

  @inline(__always)
  func handle(at place: Place) -> UInt32 { handles(place.bucket)[place.slot] }

  /// The place of `key`, for a look at its handle and perhaps its removal.
  @inline(__always)
  func locate(_ key: UInt64) -> Place? {
    let mixed = Self.mix(key)
    let number = Int(truncatingIfNeeded: mixed >> segmentShift)
    let segment = segments[number]
    guard let buckets = segment.buckets else { return nil }
    let home = Self.home(mixed, of: segment.bucketCount)
    let pattern = UInt64(Self.tag(mixed)) &* 0x0101_0101_0101_0101
    var index = home
    repeat {
      let bucket = buckets + index &* Self.bucketBytes
      var hits = Self.equalBytes(bucket.load(as: UInt64.self), pattern)
      var offset = 0
      while true {
        while hits != 0 {
          let slot = offset &+ hits.trailingZeroBitCount >> 3
          let handle = handles(bucket)[slot]
          if (records + Int(handle) << recordShift).load(as: UInt64.self) == key {
            return Place(segment: number, home: home, index: index, bucket: bucket, slot: slot)
          }
          hits &= hits &- 1
        }
        if offset == 8 { break }
        offset = 8
        let high = UInt64(bucket.load(fromByteOffset: 8, as: UInt32.self))
        hits = Self.equalBytes(high, pattern) & 0xFFFF_FFFF
      }
      if bucket.load(fromByteOffset: Self.slots, as: UInt8.self) == 0 { return nil }
      index &+= 1
      if index == Int(segment.bucketCount) { index = 0 }
    } while index != home
    return nil
  }

  /// The top bit of every byte in which `word` equals `pattern`; exact, without false hits.
  @inline(__always)
  private static func equalBytes(_ word: UInt64, _ pattern: UInt64) -> UInt64 {
    let difference = word ^ pattern
    let low = (difference & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7F7F_7F7F_7F7F_7F7F
    return ~(low | difference | 0x7F7F_7F7F_7F7F_7F7F)
  }

  @inline(__always)
  private func handles(_ bucket: UnsafeMutableRawPointer) -> UnsafeMutablePointer<UInt32> {
    (bucket + 16).assumingMemoryBound(to: UInt32.self)
  }

  /// Makes room for about `count` entries, so that adding them moves hardly any.
  mutating func reserve(_ count: Int) {
    // Entries spread at random: four standard deviations above the mean a segment grows by itself.
    let mean = Double(count) / Double(segmentCount)
    let entries = Int(mean + 4 * mean.squareRoot())
    let bucketCount = UInt32(entries * 6 / (Self.slots * 5) + 1)
    for index in 0..<segmentCount where segments[index].bucketCount < bucketCount {
      resize(segments + index, bucketCount: bucketCount)
    }
  }

  /// Adds `handle`, whose record already holds `key`; `key` must not be in the table.
  mutating func insert(_ key: UInt64, handle: UInt32) {
    let mixed = Self.mix(key)
    let segment = segments + Int(truncatingIfNeeded: mixed >> segmentShift)
    if Int(segment.pointee.entries) &* 6 >= Int(segment.pointee.bucketCount) &* Self.slots &* 5 {
      resize(
        segment, bucketCount: segment.pointee.bucketCount + segment.pointee.bucketCount / 4 + 1)
    }
    place(segment.pointee, mixed, handle)
    segment.pointee.entries &+= 1
    count &+= 1
  }

  @inline(__always)
  private func place(_ segment: Segment, _ mixed: UInt64, _ handle: UInt32) {
    guard let buckets = segment.buckets else { preconditionFailure("insert into no buckets") }
    var index = Self.home(mixed, of: segment.bucketCount)
    while true {
      let bucket = buckets + index &* Self.bucketBytes
      let tags = bucket.assumingMemoryBound(to: UInt8.self)
      let slot = Self.emptySlot(bucket)
      if slot < Self.slots {
        tags[slot] = Self.tag(mixed)
        handles(bucket)[slot] = handle
        return
      }
      if tags[Self.slots] != .max { tags[Self.slots] += 1 }
      index &+= 1
      if index == Int(segment.bucketCount) { index = 0 }
    }
  }

  @inline(__always)
  private static func emptySlot(_ bucket: UnsafeMutableRawPointer) -> Int {
    let low = equalBytes(bucket.load(as: UInt64.self), 0)
    if low != 0 { return low.trailingZeroBitCount >> 3 }
    let high = equalBytes(UInt64(bucket.load(fromByteOffset: 8, as: UInt32.self)), 0)
    return 8 &+ high.trailingZeroBitCount >> 3
  }

  /// Takes `key` out; false when it is not in the table.
  @discardableResult
  mutating func remove(_ key: UInt64) -> Bool {
    guard let place = locate(key) else { return false }
    remove(at: place)
    return true
  }

  /// Takes out the entry at `place`.
  mutating func remove(at place: Place) {
    let segment = segments + place.segment
    guard let buckets = segment.pointee.buckets else { return }
    place.bucket.assumingMemoryBound(to: UInt8.self)[place.slot] = 0
    var index = place.home
    while index != place.index {
      let tags = (buckets + index &* Self.bucketBytes).assumingMemoryBound(to: UInt8.self)
      if tags[Self.slots] != .max { tags[Self.slots] -= 1 }
      index &+= 1
      if index == Int(segment.pointee.bucketCount) { index = 0 }
    }
    segment.pointee.entries &-= 1
    count &-= 1
    let capacity = Int(segment.pointee.bucketCount) &* Self.slots
    if segment.pointee.bucketCount > 4 && Int(segment.pointee.entries) &* 2 < capacity {
      resize(segment, bucketCount: segment.pointee.bucketCount * 2 / 3)
    }
  }

  /// Lets `key`, which is in the table, name another handle whose record holds it too.
  mutating func replace(_ key: UInt64, with handle: UInt32) {
    guard let place = locate(key) else { preconditionFailure("replace of an absent key") }
    handles(place.bucket)[place.slot] = handle
  }

  /// Buckets whose records are on their way while another one is moved.
  private static var lookahead: Int { 4 }

  @inline(__always)
  private func prefetchRecords(_ buckets: UnsafeMutableRawPointer, _ index: Int, of count: Int) {
    guard index < count else { return }
    let bucket = buckets + index * Self.bucketBytes
    let tags = bucket.assumingMemoryBound(to: UInt8.self)
    for slot in 0..<Self.slots where tags[slot] != 0 {
      ci_prefetch(records + Int(handles(bucket)[slot]) << recordShift)
    }
  }

  private mutating func resize(_ segment: UnsafeMutablePointer<Segment>, bucketCount: UInt32) {
    let old = segment.pointee
    let bytes = Int(bucketCount) * Self.bucketBytes
    guard let buckets = aligned_alloc(Self.bucketBytes, bytes) else {
      preconditionFailure("no memory for \(bytes) bytes of buckets")
    }
    memset(buckets, 0, bytes)
    segment.pointee.buckets = buckets
    segment.pointee.bucketCount = bucketCount
    bucketsInUse += Int(bucketCount) - Int(old.bucketCount)
    guard let from = old.buckets else { return }
    for index in 0..<Int(old.bucketCount) {
      prefetchRecords(from, index + Self.lookahead, of: Int(old.bucketCount))
      let bucket = from + index * Self.bucketBytes
      let tags = bucket.assumingMemoryBound(to: UInt8.self)
      for slot in 0..<Self.slots where tags[slot] != 0 {
        let handle = handles(bucket)[slot]
        let key = (records + Int(handle) << recordShift).load(as: UInt64.self)
        place(segment.pointee, Self.mix(key), handle)
      }
    }
    free(from)
  }
}

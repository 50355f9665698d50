/// The last batches of a publisher: the one of `sequence` is in slot `sequence % capacity`.
struct ReplayRing {
  let capacity: Int
  private var slots: [[UInt8]] = []
  private(set) var end: UInt64 = 0

  init(capacity: Int) { self.capacity = capacity }

  /// Keeps the batch of sequence `end`, in place of the oldest one when the ring is full.
  mutating func append(_ payload: [UInt8]) {
    defer { end += 1 }
    guard capacity > 0 else { return }
    if slots.count < capacity {
      slots.append(payload)
    } else {
      slots[Int(end % UInt64(capacity))] = payload
    }
  }

  /// The sequences from `start` on that are still kept.
  func sequences(from start: UInt64) -> Range<UInt64> {
    min(max(start, end - UInt64(slots.count)), end)..<end
  }

  subscript(sequence: UInt64) -> [UInt8] { slots[Int(sequence % UInt64(capacity))] }
}

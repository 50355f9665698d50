/// The digests of the last delivered messages: slot `sequence % capacity` holds one of them.
///
/// It serves to tell an overlap (the same message again) from a restart (another message under a
/// sequence that was seen). Beyond the window the order of the live stream decides alone.
struct DigestWindow: Sendable {
  private static let capacity = 256

  private struct Slot {
    var sequence: UInt64
    var digest: PayloadDigest
  }

  private var slots: [Slot?] = []
  private(set) var lastSequence: UInt64?

  var isEmpty: Bool { lastSequence == nil }

  func digest(at sequence: UInt64) -> PayloadDigest? {
    guard !slots.isEmpty, let slot = slots[index(of: sequence)], slot.sequence == sequence
    else { return nil }
    return slot.digest
  }

  mutating func record(_ sequence: UInt64, _ digest: PayloadDigest) {
    precondition(lastSequence.map { $0 < sequence } ?? true, "\(sequence) is out of order")
    if slots.isEmpty { slots = Array(repeating: nil, count: Self.capacity) }
    slots[index(of: sequence)] = Slot(sequence: sequence, digest: digest)
    lastSequence = sequence
  }

  /// Forgets the last message, which was not delivered after all.
  mutating func removeLast() {
    guard let lastSequence else { return }
    slots[index(of: lastSequence)] = nil
    self.lastSequence = slots.lazy.compactMap { $0?.sequence }.max()
  }

  mutating func removeAll() {
    guard lastSequence != nil else { return }
    for index in slots.indices { slots[index] = nil }
    lastSequence = nil
  }

  private func index(of sequence: UInt64) -> Int { Int(sequence % UInt64(Self.capacity)) }
}

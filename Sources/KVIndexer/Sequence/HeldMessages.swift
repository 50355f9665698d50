/// What the tracker knows of a message; its payload stays with the caller.
struct TrackedMessage: Sendable {
  var sequence: UInt64
  var digest: PayloadDigest
  var byteCount: Int
}

/// Live messages that wait for a replay, oldest first, with the sum of their bytes.
struct HeldMessages: Sendable {
  private var messages = FIFO<TrackedMessage>()
  private(set) var byteCount = 0

  var isEmpty: Bool { messages.isEmpty }
  var count: Int { messages.count }
  var first: TrackedMessage? { messages.first }

  mutating func append(_ message: TrackedMessage) {
    messages.append(message)
    byteCount += message.byteCount
  }

  mutating func removeFirst() {
    byteCount -= messages.popFirst()?.byteCount ?? 0
  }

  mutating func removeAll() {
    messages.removeAll()
    byteCount = 0
  }
}

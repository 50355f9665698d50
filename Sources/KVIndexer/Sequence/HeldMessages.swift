/// What the tracker knows of a message; its payload stays with the caller.
struct TrackedMessage: Sendable {
  var sequence: UInt64
  var digest: PayloadDigest
  var byteCount: Int
}

/// Live messages that wait for a replay, oldest first, bounded by count and bytes.
struct HeldMessages: Sendable {
  private var messages: [TrackedMessage] = []
  private var head = 0
  private(set) var byteCount = 0

  var isEmpty: Bool { head == messages.count }
  var count: Int { messages.count - head }
  var first: TrackedMessage? { isEmpty ? nil : messages[head] }

  mutating func append(_ message: TrackedMessage) {
    messages.append(message)
    byteCount += message.byteCount
  }

  mutating func removeFirst() {
    byteCount -= messages[head].byteCount
    head += 1
    guard head == messages.count || head >= 1024 && head * 2 >= messages.count else { return }
    messages.removeFirst(head)
    head = 0
  }

  mutating func removeAll() {
    messages.removeAll()
    head = 0
    byteCount = 0
  }
}

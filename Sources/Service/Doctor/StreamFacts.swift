import KVIndexer

/// What was seen of one rank's event socket.
struct StreamFacts {
  /// Topics that are remembered.
  static let topicsMax = 4
  /// Messages whose digests are remembered, to compare a replay with.
  private static let digestsMax = 256

  var peers = 0
  var messages = 0
  var malformedMessages = 0
  var undecodableMessages = 0
  var topics: [String] = []
  /// Of the last message that stored something.
  var shape: EventShape?
  var counters = EventDecodingCounters()
  private(set) var digests: [UInt64: PayloadDigest] = [:]

  mutating func note(topic: String) {
    if topics.count < Self.topicsMax, !topics.contains(topic) { topics.append(topic) }
  }

  mutating func note(_ digest: PayloadDigest, of sequence: UInt64) {
    if digests.count >= Self.digestsMax { digests.removeAll(keepingCapacity: true) }
    digests[sequence] = digest
  }
}

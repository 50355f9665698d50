package import KVIndexer

/// Requests over time without their text: when, how long, and which blocks their prompts have.
///
/// A block's id stands for the whole prompt up to its end: equal ids mean equal prefixes, and the
/// last block of a prompt has an id too when it is not full. Ids are numbered from 0 in the order
/// of their first appearance, so that what is kept of a block can be an array.
package struct Trace: Sendable {
  /// One request; its blocks are a range of the trace's.
  package struct Request: Sendable, Equatable {
    /// Nanoseconds since the trace began.
    package var time: UInt64
    package var promptTokens: Int
    package var outputTokens: Int
    package var blocks: Range<Int>
  }

  /// What reports call the trace.
  package var name: String
  package let blockTokens: Int
  /// Ordered by time.
  package private(set) var requests: [Request] = []
  /// The ids of all prompts' blocks, one prompt after the other.
  package private(set) var ids: [TokenID] = []
  /// Distinct ids; every id is below it.
  package private(set) var distinctBlocks = 0
  /// How far requests may have come after their time, because the trace's clock is no finer.
  package var resolution: UInt64 = 0

  /// A trace without requests.
  package init(name: String, blockTokens: Int) {
    precondition(blockTokens > 0, "a block of \(blockTokens) tokens")
    self.name = name
    self.blockTokens = blockTokens
  }

  /// Adds a request, which comes no earlier than the one before it.
  ///
  /// - Parameter blocks: Numbers of blocks, each known already or the next one in order.
  package mutating func append(
    time: UInt64, promptTokens: Int, outputTokens: Int, blocks: some Sequence<TokenID>
  ) {
    precondition(time >= requests.last?.time ?? 0, "the request is earlier than the one before it")
    let start = ids.count
    for id in blocks {
      precondition(id <= distinctBlocks, "block \(id) after \(distinctBlocks) distinct ones")
      distinctBlocks = max(distinctBlocks, Int(id) + 1)
      ids.append(id)
    }
    requests.append(
      Request(
        time: time, promptTokens: promptTokens, outputTokens: outputTokens,
        blocks: start..<ids.count))
  }

  /// Blocks of all prompts.
  package var blockCount: Int { ids.count }

  /// Tokens of all prompts.
  package var promptTokens: Int { requests.reduce(0) { $0 + $1.promptTokens } }

  /// The longest prompt in blocks.
  package var longestPrompt: Int { requests.reduce(0) { max($0, $1.blocks.count) } }

  /// Nanoseconds from the first request to the last one.
  package var span: UInt64 { (requests.last?.time ?? 0) - (requests.first?.time ?? 0) }

  /// The trace with its requests spread over the time that its clock could not tell apart.
  ///
  /// A request comes at a random moment between its time and that of the next one, at most
  /// `resolution` later: the order of requests with different times stays.
  package func spread(seed: UInt64) -> Trace {
    guard resolution > 0, requests.count > 1 else { return self }
    var random = SplitMix64(seed: seed)
    var next = [UInt64](repeating: 0, count: requests.count)
    next[requests.count - 1] = requests[requests.count - 1].time + resolution
    for index in stride(from: requests.count - 2, through: 0, by: -1) {
      let (time, later) = (requests[index].time, requests[index + 1].time)
      next[index] = later > time ? min(later, time + resolution) : next[index + 1]
    }
    var spread = self
    for index in requests.indices {
      let room = Double(next[index] - requests[index].time)
      spread.requests[index].time += UInt64(random.fraction() * room)
    }
    // Ties come in any order then; what came later stays later.
    spread.requests.sort { ($0.time, $0.blocks.lowerBound) < ($1.time, $1.blocks.lowerBound) }
    return spread
  }
}

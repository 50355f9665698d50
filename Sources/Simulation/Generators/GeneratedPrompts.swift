import KVIndexer

/// Puts requests of generated conversations in order and names their blocks.
struct GeneratedPrompts {
  private struct Request {
    var time: UInt64
    var promptTokens: Int
    var outputTokens: Int
    var blocks: [UInt32]
  }

  let blockTokens: Int
  private var requests: [Request] = []
  private var blockCount: UInt32 = 0

  init(blockTokens: Int) { self.blockTokens = blockTokens }

  var count: Int { requests.count }

  fileprivate mutating func newBlock() -> UInt32 {
    defer { blockCount += 1 }
    return blockCount
  }

  /// Adds a request for what a context holds by now.
  mutating func ask(_ context: inout GeneratedContext, outputTokens: Int, at time: UInt64) {
    requests.append(
      Request(
        time: time, promptTokens: context.tokens, outputTokens: outputTokens,
        blocks: context.blocks(&self)))
  }

  /// The first requests as a trace.
  func trace(named name: String, requestsMax: Int = .max) -> Trace {
    var trace = Trace(name: name, blockTokens: blockTokens)
    var numbers = [TokenID?](repeating: nil, count: Int(blockCount))
    let order = requests.indices.sorted { (requests[$0].time, $0) < (requests[$1].time, $1) }
    var next: TokenID = 0
    for index in order.prefix(requestsMax) {
      let request = requests[index]
      let blocks = request.blocks.map { block in
        if let number = numbers[Int(block)] { return number }
        numbers[Int(block)] = next
        next += 1
        return next - 1
      }
      trace.append(
        time: request.time, promptTokens: request.promptTokens,
        outputTokens: request.outputTokens, blocks: blocks)
    }
    return trace
  }
}

/// The tokens of a conversation so far, as blocks: a copy shares the full ones with its original.
struct GeneratedContext {
  private(set) var tokens = 0
  private var full: [UInt32] = []
  /// The last block, when it is not full and was asked for.
  private var partial: UInt32?

  /// Adds tokens that nobody else has at this place.
  mutating func extend(by count: Int, _ prompts: inout GeneratedPrompts) {
    guard count > 0 else { return }
    tokens += count
    partial = nil
    while full.count < tokens / prompts.blockTokens { full.append(prompts.newBlock()) }
  }

  fileprivate mutating func blocks(_ prompts: inout GeneratedPrompts) -> [UInt32] {
    guard tokens % prompts.blockTokens > 0 else { return full }
    let last = partial ?? prompts.newBlock()
    partial = last
    return full + [last]
  }
}

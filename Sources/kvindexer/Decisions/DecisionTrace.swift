import Tokenize

/// Turns decisions into the lines of a Mooncake trace: times, lengths and block ids, no text.
///
/// Lines are in the order of the decisions, so one whose response is under way keeps back those
/// after it. Equal ids mean equal prefixes, of `blockTokens` tokens more an id.
struct DecisionTrace {
  typealias Decision = DecisionsAnswer.Decision

  /// Tokens of a block, as the service cuts prompts for this purpose.
  static let blockTokens = 512
  /// Different blocks in one trace; what they take is some 3 GB.
  static let idsMax = 1 << 26

  /// What could not be written as one would like.
  struct Losses: Equatable {
    /// Went nowhere, or had no prompt.
    var leftOut = 0
    /// Their output length is 0 in the trace.
    var withoutOutput = 0
  }

  private(set) var count = 0
  private(set) var losses = Losses()
  /// The time of the first request, in Unix seconds.
  private var start: Double?
  private var lastMilliseconds = 0
  private var ids: [String: Int] = [:]
  /// Ended, behind one that is pending.
  private var held: [Decision] = []

  /// Takes decisions that have ended.
  ///
  /// - Parameter id: The first decision that is pending, which has to come first; nil for none.
  /// - Returns: The lines that can be written now.
  mutating func lines(
    adding decisions: [Decision], pendingFrom id: Int?
  ) throws(UsageError) -> [UInt8] {
    held += decisions
    let ready = held.filter { $0.id < id ?? .max }.sorted { $0.id < $1.id }
    held.removeAll { $0.id < id ?? .max }
    var text: [UInt8] = []
    for decision in ready { text += try line(decision) }
    return text
  }

  private mutating func line(_ decision: Decision) throws(UsageError) -> [UInt8] {
    guard decision.status != "refused", decision.promptTokens > 0,
      let blocks = decision.blocks, !blocks.isEmpty
    else {
      losses.leftOut += 1
      return []
    }
    if decision.outputTokens == nil { losses.withoutOutput += 1 }
    count += 1
    let start = start ?? decision.time
    self.start = start
    // Requests are decided in another order than they came in by a little; traces are sorted.
    lastMilliseconds = max(lastMilliseconds, Int(((decision.time - start) * 1000).rounded()))
    var numbers: [Int] = []
    for block in blocks {
      let number = ids[block] ?? ids.count
      if number == ids.count {
        guard number < Self.idsMax else {
          throw UsageError(message: "a trace holds at most \(Self.idsMax) different blocks")
        }
        ids[block] = number
      }
      numbers.append(number)
    }
    var json = JSONWriter()
    json.object { json in
      json.field("timestamp", lastMilliseconds)
      json.field("input_length", decision.promptTokens)
      json.field("output_length", decision.outputTokens ?? 0)
      json.field("hash_ids") { json in
        json.array { json in for number in numbers { json.integer(number) } }
      }
    }
    return json.bytes + [UInt8(ascii: "\n")]
  }
}

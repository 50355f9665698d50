package import EPPScorer

/// A request whose cached tokens were predicted, and what came of it.
///
/// It holds hashes and numbers, never text or tokens. Tokens are counted in 32 bits, because
/// thousands of decisions are remembered.
package struct Decision: Sendable {
  /// How far the request has come.
  package enum Status: String, Sendable {
    /// Sent to an endpoint. May become any other but `scored` and `refused`.
    case pending
    case completed, failed, aborted
    /// Nobody saw the response. May become `completed` by a report.
    case unobserved
    /// Asked about, not routed here. May become `completed` by a report.
    case scored
    /// Sent nowhere.
    case refused
  }

  /// An endpoint that the request might have gone to.
  package struct Candidate: Sendable {
    package var endpoint: String
    /// What `predictedTokens` rests on.
    package var basis: PrefixHit.Basis
    /// Tokens that it was expected to reuse, those of reservations included.
    package var predictedTokens: Int32
    /// Of `predictedTokens`, those that it would only hold if reservations came true.
    package var reservedTokens: Int32 = 0
    /// What its events say; nil unless they were exact.
    package var preciseTokens: Int32?
    /// What was sent there says; nil where nobody kept book of that.
    package var approximateTokens: Int32?
    /// The weighted sum of its scores; nil when it was not scored.
    package var score: Double?
  }

  /// What an engine said of its answer.
  package struct Delivery: Sendable, Equatable {
    package var cachedTokens: Int
    package var promptTokens: Int?
    package var outputTokens: Int?
    /// From the request to the first piece of a streamed answer.
    package var firstTokenSeconds: Double?

    package init(
      cachedTokens: Int, promptTokens: Int? = nil, outputTokens: Int? = nil,
      firstTokenSeconds: Double? = nil
    ) {
      self.cachedTokens = cachedTokens
      self.promptTokens = promptTokens
      self.outputTokens = outputTokens
      self.firstTokenSeconds = firstTokenSeconds
    }
  }

  /// Ascending, from 1; given by the log.
  package internal(set) var id: UInt64 = 0
  /// Seconds since 1970.
  package var time: Double
  package var requestID: String?
  package var model: String
  package var status: Status
  /// Of all prompts; an estimate where `tokensFrom` is not known.
  package var promptTokens: Int
  /// How the tokens were obtained; nil when they were not.
  package var tokensFrom: TokensOrigin?
  /// The best first: at most `CandidateShortlist.candidatesMax` of a request that was routed here.
  package var candidates: [Candidate] = []
  /// Where the request went: an index into `candidates`.
  package var picked: Int?
  /// Whether another engine computes the prompt and sends its blocks, which count as cached.
  var receivesBlocks = false
  /// Nil until the engine, or somebody else, told.
  package var delivery: Delivery?
  /// Whether its response has begun, as far as somebody looked.
  var isAnswered = false
  /// Why the prediction was wrong; nil when it was not, or nothing was delivered.
  package var cause: ErrorCause?
  /// When it was made, in monotonic nanoseconds.
  package var madeAt: UInt64
  /// How long it took.
  package var nanoseconds: UInt64
  /// Chained and keyed hashes of the prompt, one for each `TraceBlocks.blockTokens` tokens.
  package var blocks: [UInt64] = []

  /// The candidate that the request went to.
  package var target: Candidate? { picked.map { candidates[$0] } }

  /// What the decision rests on, as answers say it.
  package var basis: String { (target ?? candidates.first)?.basis.text ?? "unknown" }

  /// Delivered less predicted tokens; nil before something was delivered.
  package var errorTokens: Int? {
    guard let target, let delivery else { return nil }
    return delivery.cachedTokens - Int(target.predictedTokens)
  }

  /// Bytes that it takes, about.
  var bytes: Int {
    MemoryLayout<Decision>.stride + candidates.count * MemoryLayout<Candidate>.stride
      + blocks.count * MemoryLayout<UInt64>.stride + (requestID?.utf8.count ?? 0) + 128
  }
}

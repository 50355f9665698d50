/// Judges by what an engine delivered whether what is known of one source is right.
///
/// It is told of requests that were predicted from an exact source, and answers where together they
/// contradict it. One wrong prediction proves little: a request that asks for log-probabilities of
/// its prompt does not read the cache, and a prompt may be computed twice. So it takes
/// `errorsMax` errors in the same direction, of at least a block each, among the last
/// `windowCount` predictions. (Of 200 requests to a real engine, four at a time, 5 differed, and
/// events under way explained all of them; were 1 in 100 left unexplained, then 20 predictions
/// would hold 3 of them once in a thousand times.)
///
/// Predictions of nothing that were all wrong say less: where none of something was right, the
/// tokens of prompts and of events may differ. Then it takes `strangersMax` of them.
public struct SourceAudit: Sendable {
  static let windowCount = 20
  static let errorsMax = 3
  static let strangersMax = 5
  static let agreementsMax = 3

  /// A delivery that was set against its prediction.
  public struct Observation: Sendable {
    public var predictedTokens: Int
    public var deliveredTokens: Int
    /// Tokens a block.
    public var blockSize: Int

    /// A delivery and its prediction; what events explain is not to be told.
    public init(predictedTokens: Int, deliveredTokens: Int, blockSize: Int) {
      self.predictedTokens = predictedTokens
      self.deliveredTokens = deliveredTokens
      self.blockSize = blockSize
    }
  }

  /// What observations come to.
  public enum Verdict: Sendable, Equatable {
    /// Blocks are believed in that are not there.
    case overPredicted
    /// Blocks are there that are not known.
    case underPredicted
    /// None of the prompts' blocks are found among the engine's, although it reuses them.
    case keysDiffer
    /// They are found again.
    case keysAgree
  }

  private enum Outcome { case right, rightOfSome, over, under, stranger }

  private var window: [Outcome] = []
  /// Predictions of nothing that were wrong, in a row.
  private var strangers = 0
  /// Prompts that were found, in a row, after they had not been.
  private var agreements = 0
  /// When the engine was last asked that had less room than there were known blocks.
  private var exceededAt: UInt64?

  /// Nothing was observed yet.
  public init() {}

  /// Forgets what was observed: the cache is a new one.
  public mutating func begin() { self = SourceAudit() }

  /// Takes a prediction from an exact source.
  public mutating func observe(_ observation: Observation) -> Verdict? {
    let outcome = outcome(observation)
    if window.count == Self.windowCount { window.removeFirst() }
    window.append(outcome)
    switch outcome {
    case .stranger: strangers += 1
    // A cold prompt tells nothing about keys.
    case .right: break
    case .rightOfSome, .over, .under: strangers = 0
    }
    guard let verdict else { return nil }
    begin()
    return verdict
  }

  private func outcome(_ observation: Observation) -> Outcome {
    let error = observation.deliveredTokens - observation.predictedTokens
    if error <= -observation.blockSize { return .over }
    if error >= observation.blockSize {
      return observation.predictedTokens == 0 ? .stranger : .under
    }
    return observation.deliveredTokens > 0 ? .rightOfSome : .right
  }

  private var verdict: Verdict? {
    func count(_ outcomes: Outcome...) -> Int { window.count(where: { outcomes.contains($0) }) }
    if count(.over) >= Self.errorsMax { return .overPredicted }
    let isKnown = count(.under, .rightOfSome) > 0
    if isKnown, count(.under, .stranger) >= Self.errorsMax { return .underPredicted }
    return strangers >= Self.strangersMax ? .keysDiffer : nil
  }

  /// Takes a request whose prompt was looked for after its engine had served it, while the keys of
  /// prompts and events were believed to differ.
  public mutating func observe(isFound: Bool) -> Verdict? {
    agreements = isFound ? agreements + 1 : 0
    guard agreements >= Self.agreementsMax else { return nil }
    begin()
    return .keysAgree
  }

  /// Takes what an engine says it has room for.
  ///
  /// An engine that was just restarted may be another one than the numbers speak of, so it takes two
  /// readings.
  ///
  /// - Parameter readAt: When it said so, in monotonic nanoseconds.
  /// - Returns: Whether more blocks are known than that.
  public mutating func observe(
    _ source: AuditedSource, capacity: Int, readAt: UInt64
  ) -> Bool {
    guard source.exceeds(capacity: capacity) else {
      exceededAt = nil
      return false
    }
    let isRepeated = exceededAt.map { $0 != readAt } ?? false
    if !isRepeated { exceededAt = readAt }
    return isRepeated
  }
}

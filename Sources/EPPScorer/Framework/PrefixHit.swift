public import KVIndexer

/// How much of a prompt an endpoint holds, as one producer sees it.
///
/// Tokens are tokens: what a tier is worth is in `weightedTokens` only, and deciders never read it.
public struct PrefixHit: Equatable, Sendable, BitwiseCopyable {
  /// Where the numbers come from.
  public enum Basis: Equatable, Sendable, BitwiseCopyable {
    /// The index, of a source in this state.
    case precise(Trust)
    /// What was sent there before, by hashes of text or tokens.
    case approximate(ApproximationCause)
    /// Nobody knows; the numbers are 0.
    case unknown
  }

  public var basis: Basis
  /// Leading tokens that the endpoint would reuse, whatever tier they are in.
  public var matchedTokens: Int
  /// The same, each token worth the weight of its tier.
  public var weightedTokens: Double
  /// Tokens that it would reuse on top if every reservation came true.
  public var reservedTokens: Int
  /// Tokens of the prompt's whole blocks: what a perfect match would have.
  public var blockTokens: Int

  /// What the engine is expected to reuse once the request gets there.
  public var predictedTokens: Int { matchedTokens + reservedTokens }

  /// A hit.
  public init(
    basis: Basis, matchedTokens: Int, weightedTokens: Double? = nil, reservedTokens: Int = 0,
    blockTokens: Int
  ) {
    self.basis = basis
    self.matchedTokens = matchedTokens
    self.weightedTokens = weightedTokens ?? Double(matchedTokens)
    self.reservedTokens = reservedTokens
    self.blockTokens = blockTokens
  }

  /// Tokens as scorers count them: worth the weight of their tier, reserved ones included.
  public var creditedTokens: Double { weightedTokens + Double(reservedTokens) }

  /// Credited tokens a token of the prompt's whole blocks, 0 to 1; 0 for a prompt without any.
  public var share: Double {
    blockTokens > 0 ? min(creditedTokens / Double(blockTokens), 1) : 0
  }

  /// Nothing known.
  public static let unknown = PrefixHit(basis: .unknown, matchedTokens: 0, blockTokens: 0)
}

/// Why a prefix was approximated.
public enum ApproximationCause: String, CaseIterable, Sendable, BitwiseCopyable {
  /// The plan asks for nothing else.
  case configured
  /// The prompt's tokens were not known in time.
  case noTokens
  /// The endpoint publishes no KV events.
  case noEvents
  /// Its events are not exact: connecting, bootstrapping, lagging, degraded or mismatched.
  case notExact
  /// The indexer that was to be asked did not answer in time.
  case noAnswer
}

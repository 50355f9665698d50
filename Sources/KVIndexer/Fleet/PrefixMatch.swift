/// A number of tokens for each tier.
public struct TierTokens: Sendable, Equatable, BitwiseCopyable {
  private var values: SIMD4<UInt32> = .zero

  /// None in any tier.
  public init() {}

  /// Tokens in one tier.
  public subscript(tier: Tier) -> Int {
    get { Int(values[Int(tier.rawValue)]) }
    set { values[Int(tier.rawValue)] = UInt32(newValue) }
  }

  /// Adds tier by tier.
  public static func += (left: inout TierTokens, right: TierTokens) {
    left.values &+= right.values
  }
}

/// What one source could reuse of a prompt.
public struct PrefixMatch: Sendable, Equatable, BitwiseCopyable {
  public var source: SourceID
  public var rank: Int
  /// Tokens a block; nil before the first event.
  public var blockSize: Int?
  /// Tokens that the engine would report as cached if the prompt arrived now.
  public var matchedTokens: Int
  /// Tokens that it would reuse on top if every reservation of its endpoint came true.
  public var reservedTokens = 0
  /// Leading tokens held in each tier by itself.
  public var tierTokens = TierTokens()
  public var trust: Trust
}

/// A prompt whose blocks were hashed for each block size in use.
public struct PromptKeys: ~Copyable {
  /// A model as the sources know it × a block size.
  public struct Namespace: Hashable, Sendable {
    public var model: String
    public var blockSize: Int

    /// A namespace.
    public init(model: String, blockSize: Int) {
      self.model = model
      self.blockSize = blockSize
    }
  }

  /// Tokens of the prompt.
  public let tokenCount: Int
  var keys: GrowableBuffer<UInt64>
  private(set) var ranges: [(namespace: Namespace, blocks: Range<Int>)] = []

  /// Hashes a prompt.
  ///
  /// - Parameters:
  ///   - tokens: The prompt, shape `[tokens]`.
  ///   - namespaces: From `FleetIndex.namespaces`.
  public init(
    tokens: [TokenID], lora: String?, extras: PromptExtras, namespaces: [Namespace],
    hasher: BlockHasher
  ) {
    self.init(tokens: tokens, lora: lora, namespaces: namespaces, hasher: hasher) {
      extras.digests(blockSize: $0, seed: hasher.seed)
    }
  }

  /// Hashes a prompt whose extra keys were digested before.
  ///
  /// - Parameter extra: Digests of extra keys by block, as `ExtraKeyHasher` makes them; missing
  ///   ones are 0.
  package init(
    tokens: [TokenID], lora: String?, extra: [UInt64], namespaces: [Namespace],
    hasher: BlockHasher
  ) {
    self.init(tokens: tokens, lora: lora, namespaces: namespaces, hasher: hasher) { _ in extra }
  }

  private init(
    tokens: [TokenID], lora: String?, namespaces: [Namespace], hasher: BlockHasher,
    extra: (_ blockSize: Int) -> [UInt64]
  ) {
    tokenCount = tokens.count
    keys = GrowableBuffer(capacity: 512)
    for namespace in namespaces {
      let start = keys.count
      let root = hasher.root(model: namespace.model, lora: lora, blockSize: namespace.blockSize)
      let digests = extra(namespace.blockSize)
      tokens.withUnsafeBufferPointer {
        hasher.keys(
          of: $0, blockSize: namespace.blockSize, root: root, extra: digests, into: &keys)
      }
      ranges.append((namespace, start..<keys.count))
    }
  }

  /// Chained keys in a namespace, shape `[full blocks]`.
  public func array(in namespace: Namespace) -> [UInt64] {
    ranges.first { $0.namespace == namespace }.map { keys.array($0.blocks) } ?? []
  }
}

/// The prefix matches of an endpoint's sources.
public struct EndpointMatch: Sendable, Equatable {
  public var endpoint: String
  /// One a data-parallel rank, by rank.
  public var ranks: [PrefixMatch]

  /// The matches of one endpoint.
  public init(endpoint: String, ranks: [PrefixMatch]) {
    self.endpoint = endpoint
    self.ranks = ranks
  }

  /// The rank that holds most; an engine decides itself which rank serves a request.
  public var best: PrefixMatch? {
    ranks.max { ($0.matchedTokens, $1.rank) < ($1.matchedTokens, $0.rank) }
  }

  /// Tokens that the best rank would reuse on top if every reservation came true.
  public var reservedTokens: Int { best?.reservedTokens ?? 0 }
}

/// The matches of a prompt by source, and the working memory of finding them; reused.
public struct FleetMatches: ~Copyable {
  var matches = GrowableBuffer<PrefixMatch?>(capacity: 64)
  var depths = MatchBuffer()
  var claims = MatchBuffer()

  /// No matches yet.
  public init() {}

  /// The match of one source; nil if it was not asked for or serves another model.
  public subscript(source: SourceID) -> PrefixMatch? {
    source.index < matches.count ? matches[source.index] : nil
  }
}

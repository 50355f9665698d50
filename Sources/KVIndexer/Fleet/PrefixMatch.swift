/// A number of tokens for each tier.
public struct TierTokens: Sendable, Equatable {
  private var values: SIMD4<UInt32> = .zero

  /// None in any tier.
  public init() {}

  /// Tokens in one tier.
  public subscript(tier: Tier) -> Int {
    get { Int(values[Int(tier.rawValue)]) }
    set { values[Int(tier.rawValue)] = UInt32(newValue) }
  }
}

/// What one source could reuse of a prompt.
public struct PrefixMatch: Sendable, Equatable {
  public var source: SourceID
  public var rank: Int
  /// Tokens a block; nil before the first event.
  public var blockSize: Int?
  /// Tokens that the engine would report as cached if the prompt arrived now.
  public var matchedTokens: Int
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
  private(set) var ranges: [Namespace: Range<Int>] = [:]

  /// Hashes a prompt.
  ///
  /// - Parameters:
  ///   - tokens: The prompt, shape `[tokens]`.
  ///   - extra: Digests of extra keys by block, as `ExtraKeyHasher` makes them; missing ones are 0.
  ///   - namespaces: From `FleetIndex.namespaces`.
  public init(
    tokens: [TokenID], lora: String?, extra: [UInt64], namespaces: [Namespace],
    hasher: BlockHasher
  ) {
    tokenCount = tokens.count
    keys = GrowableBuffer(capacity: 512)
    for namespace in namespaces {
      let start = keys.count
      let root = hasher.root(model: namespace.model, lora: lora, blockSize: namespace.blockSize)
      tokens.withUnsafeBufferPointer {
        hasher.keys(of: $0, blockSize: namespace.blockSize, root: root, extra: extra, into: &keys)
      }
      ranges[namespace] = start..<keys.count
    }
  }

  /// Chained keys in a namespace, shape `[full blocks]`.
  public func array(in namespace: Namespace) -> [UInt64] {
    ranges[namespace].map { keys.array($0) } ?? []
  }
}

/// The prefix matches of an endpoint's sources.
public struct EndpointMatch: Sendable, Equatable {
  public var endpoint: String
  /// One a data-parallel rank, by rank.
  public var ranks: [PrefixMatch]
  /// Tokens that the best rank would reuse on top of `matchedTokens` if every reservation came true.
  public var reservedTokens: Int

  /// The rank that holds most; an engine decides itself which rank serves a request.
  public var best: PrefixMatch? {
    ranks.max { ($0.matchedTokens, $1.rank) < ($1.matchedTokens, $0.rank) }
  }
}

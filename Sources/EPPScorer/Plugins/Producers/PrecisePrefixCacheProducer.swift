/// Knows what endpoints hold from their KV events.
///
/// Parameters and defaults are those of llm-d's `precise-prefix-cache-producer`.
public struct PrecisePrefixCacheProducer: Plugin, Equatable {
  public static let type = "precise-prefix-cache-producer"

  /// Where the KV events of an endpoint are, where the endpoints file does not say.
  public struct Events: Equatable, Sendable {
    /// An address that engines connect to; nil when there is none.
    public var boundAddress: String?
    /// Topics that count at that address.
    public var topicFilter = "kv@"
    /// Whether each endpoint is subscribed to at its own address.
    public var discoversEndpoints = true
    /// An endpoint's port of events, for data-parallel rank 0.
    public var port: UInt16 = 5557
    /// An endpoint's port of replays, for rank 0; nil when engines offer none.
    public var replayPort: UInt16?

    /// The default events.
    public init() {}
  }

  /// Tokens a block, where engines have announced nothing yet; nil to wait for what they announce.
  public var blockSizeTokens: Int?
  /// Keys block hashes; empty for a random key.
  public var hashSeed = ""
  /// What a token is worth by tier name; tiers that are not named are worth 1.
  public var tierWeights: [String: Double] = ["gpu": 1, "cpu": 0.8]
  public var events = Events()
  /// Whether reservations count.
  public var countsReservations = false
  /// How long a reservation lives; nil for what the observed lag of events suggests.
  public var reservationLifetime: Duration?
  /// Another process's indexer that is asked instead of an own index; not in llm-d.
  public var remoteURL: String?

  /// A producer with the default parameters.
  public init() {}
}

/// What an engine last said of its load; nil for what it has not said.
public struct EndpointLoad: Equatable, Sendable {
  public var waitingRequests: Int?
  public var runningRequests: Int?
  /// Share of the KV cache in use, 0 to 1.
  public var cacheUsage: Double?
  public var adapters: AdapterLoad?
  /// Whether the numbers are older than the plan allows; they are the last ones known.
  public var isStale = false

  /// Nothing known.
  public init() {}
}

/// The LoRA adapters of an engine.
public struct AdapterLoad: Equatable, Sendable {
  public var active: [String]
  public var waiting: [String]
  /// Adapters that fit at a time.
  public var activeMax: Int

  /// What an engine says of its adapters.
  public init(active: [String], waiting: [String], activeMax: Int) {
    self.active = active
    self.waiting = waiting
    self.activeMax = activeMax
  }
}

/// What this router sent to an endpoint and has seen no end of.
public struct InFlightLoad: Equatable, Sendable, BitwiseCopyable {
  public var requests: Int
  /// Tokens that are yet to be computed for them, as far as they were known when they were sent.
  public var tokens: Int

  /// A load.
  public init(requests: Int = 0, tokens: Int = 0) {
    self.requests = requests
    self.tokens = tokens
  }
}

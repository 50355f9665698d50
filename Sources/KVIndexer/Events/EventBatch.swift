/// One decoded message of an engine: its events in order, their values in shared buffers.
///
/// A batch is reused: decoding into it forgets what it held. Events name their hashes and tokens
/// as ranges of the batch's buffers, so decoding allocates nothing once the buffers have grown.
public struct EventBatch: ~Copyable {
  /// Seconds since 1970 on the engine's clock: only its trend can be compared with ours.
  public package(set) var timestamp: Double = 0
  public package(set) var dataParallelRank: Int?
  public package(set) var events: [KVEvent] = []
  /// Events left out because they could not be understood.
  ///
  /// If there are any, the batch is not the whole truth about its source. Events of an unknown
  /// kind are not among them.
  public package(set) var skippedEvents = 0
  /// Names of LoRA adapters that events of the batch mention.
  public package(set) var loraNames: [String] = []
  public package(set) var hashes = GrowableBuffer<EngineHash>(capacity: 256)
  public package(set) var tokens = GrowableBuffer<TokenID>(capacity: 4096)
  /// One keyed digest a block for events with `extra_keys`; 0 where a block has none.
  public package(set) var extraDigests = GrowableBuffer<UInt64>(capacity: 64)
  /// Local hashes of the blocks of stored events, one a block; `BlockHasher.prepare` fills them in.
  public package(set) var locals = GrowableBuffer<UInt64>(capacity: 256)

  public init() {}

  /// The LoRA adapter that an event of this batch names.
  public func loraName(of event: KVEvent) -> String? {
    event.lora < 0 ? nil : loraNames[event.lora]
  }

  package mutating func removeAll() {
    timestamp = 0
    dataParallelRank = nil
    events.removeAll(keepingCapacity: true)
    skippedEvents = 0
    loraNames.removeAll(keepingCapacity: true)
    hashes.removeAll()
    tokens.removeAll()
    extraDigests.removeAll()
    locals.removeAll()
  }
}

/// One KV-cache event, whatever encoding it came in.
public struct KVEvent: Sendable, Equatable {
  public enum Kind: Sendable { case stored, removed, cleared }

  public var kind: Kind
  /// A range of `EventBatch.hashes`: for `.stored` one a block, except sparse window groups.
  public var hashes: Range<Int> = 0..<0
  /// The block before the first one; nil when the first block starts the prompt.
  public var parent: EngineHash?
  /// A range of `EventBatch.tokens`: all tokens of the covered range.
  public var tokens: Range<Int> = 0..<0
  /// Tokens a block; 0 in placeholders of offloading engines.
  public var blockSize: Int = 0
  public var loraID: Int?
  /// A position in `EventBatch.loraNames`, or -1; `EventBatch.loraName(of:)` looks it up.
  var lora = -1
  public var medium: Medium = .tier(.gpu)
  /// A range of `EventBatch.extraDigests`, one a block; empty without extra keys.
  public var extraDigests: Range<Int> = 0..<0
  /// A range of `EventBatch.locals`: one a block where tokens and blocks pair up, else empty.
  public var locals: Range<Int> = 0..<0
  /// The cache group; nil from engines that know only one.
  public var group: Int?
  public var spec: CacheSpec?

  public init(kind: Kind) { self.kind = kind }
}

/// The `medium` of an event.
public enum Medium: Sendable, Equatable {
  case tier(Tier)
  /// A medium that we have no tier for: counted, never credited.
  case unknown
}

/// How a cache group keeps blocks (`kv_cache_spec_kind`), nil fields where the engine said nothing.
public struct CacheSpec: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// Every block of the prefix must be there: full, MLA and sink attention.
    case full
    /// The last blocks of a window of tokens must be there.
    case slidingWindow
    /// A checkpoint at the boundary must be there: Mamba and other state-space layers.
    case stateSpace
    /// A kind we don't know: nothing of this source can be credited.
    case unknown
  }

  public var kind: Kind
  /// Tokens; only for `.slidingWindow`.
  public var window: Int?

  public init(kind: Kind, window: Int? = nil) {
    self.kind = kind
    self.window = window
  }
}

import KVIndexer
import Simulation

/// A fleet index that is fed as engines feed it: events are encoded, decoded, hashed and applied.
final class FleetHarness {
  static let life = Incarnation(1)

  var fleet: FleetIndex
  private var decoder: EventDecoder
  private var batch = EventBatch()
  private var buffer = MatchBuffer()

  init(byteBudget: Int = 64 << 20) {
    let hasher = BlockHasher(sharedKey: "fleet tests")
    decoder = EventDecoder(seed: hasher.seed)
    fleet = FleetIndex(hasher: hasher, byteBudget: byteBudget)
  }

  /// Adds a source whose stream is complete.
  func add(_ configuration: SourceConfiguration) -> SourceID {
    let source = fleet.addSource(configuration)
    fleet.beginIncarnation(Self.life, of: source)
    fleet.setStream(.live(.complete, replaying: false), of: source)
    return source
  }

  func add(_ endpoint: String = "a", model: String = "m", rank: Int = 0) -> SourceID {
    add(SourceConfiguration(endpoint: endpoint, model: model, rank: rank))
  }

  /// Applies one message; returns whether it emptied the cache.
  @discardableResult
  func apply(
    _ events: [EngineEvent], from source: SourceID, life: Incarnation = FleetHarness.life,
    now: UInt64 = 0
  ) throws -> Bool {
    let payload = EventEncoder(generation: .v032).encode(EngineBatch(timestamp: 0, events: events))
    return try apply(payload: payload, from: source, life: life, now: now)
  }

  /// Applies one message as it came over the wire.
  @discardableResult
  func apply(
    payload: [UInt8], from source: SourceID, life: Incarnation = FleetHarness.life, now: UInt64 = 0
  ) throws -> Bool {
    try payload.withUnsafeBytes { try decoder.decode($0, into: &batch) }
    fleet.hasher.prepare(&batch)
    return fleet.apply(batch, from: source, incarnation: life, now: now)
  }

  func prompt(
    _ tokens: [TokenID], model: String = "m", lora: String? = nil, extra: [UInt64] = []
  ) -> PromptKeys {
    PromptKeys(
      tokens: tokens, lora: lora, extra: extra, namespaces: fleet.namespaces(model: model),
      hasher: fleet.hasher)
  }

  func matches(
    _ tokens: [TokenID], model: String = "m", lora: String? = nil, extra: [UInt64] = []
  ) -> [EndpointMatch] {
    fleet.match(
      prompt(tokens, model: model, lora: lora, extra: extra), model: model, buffer: &buffer)
  }

  func match(
    _ tokens: [TokenID], on endpoint: String = "a", model: String = "m", lora: String? = nil,
    extra: [UInt64] = []
  ) -> EndpointMatch? {
    matches(tokens, model: model, lora: lora, extra: extra).first { $0.endpoint == endpoint }
  }

  /// Tokens of the prompt that the endpoint would reuse; nil when it is not among the answers.
  func matched(
    _ tokens: [TokenID], on endpoint: String = "a", model: String = "m", lora: String? = nil,
    extra: [UInt64] = []
  ) -> Int? {
    match(tokens, on: endpoint, model: model, lora: lora, extra: extra)?.best?.matchedTokens
  }

  /// The digest of one block's extra keys, as a request makes it.
  func digest(_ add: (inout ExtraKeyHasher) -> Void) -> UInt64 {
    var hasher = ExtraKeyHasher(seed: fleet.hasher.seed)
    add(&hasher)
    return hasher.digest()
  }
}

/// A prompt of `count` tokens; prompts of different numbers share no block.
func tokens(_ count: Int, prompt: Int = 0) -> [TokenID] {
  (0..<count).map { TokenID(prompt * 100_000 + $0) }
}

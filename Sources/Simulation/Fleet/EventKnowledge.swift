import KVIndexer

/// What a router knows by KV events: the index that production runs, fed as production feeds it.
///
/// The namespace has blocks of one token, the block's number; the token that an engine always
/// computes itself stands behind the prompt, so that every block of a trace can be reused.
struct EventKnowledge: ~Copyable {
  private static let model = ""
  private static let namespace = PromptKeys.Namespace(model: model, blockSize: 1)
  /// Any token: what is behind a prompt is never looked up.
  private static let computedToken = TokenID.max

  private var fleet: FleetIndex
  private var matches = FleetMatches()
  private var sources: [SourceID] = []
  /// By engine: the incarnation, and the number of the next message that is missing.
  private var expected: [(incarnation: UInt32, sequence: Int)] = []

  /// Starts to follow engines, each at its present incarnation and from its next message on.
  ///
  /// - Parameters:
  ///   - engines: The incarnation of each, and how many messages it has published so far.
  ///   - isComplete: Whether all messages from the first one on are going to be received.
  init(engines: [(incarnation: UInt32, messages: Int)], isComplete: Bool) {
    fleet = FleetIndex(hasher: KVIndexer.BlockHasher(sharedKey: "simulation"))
    for (engine, state) in engines.enumerated() {
      let id = fleet.addSource(
        SourceConfiguration(endpoint: Self.name(engine), model: Self.model, blockSize: 1))
      fleet.setStream(
        .live(isComplete ? .complete : .incomplete(.joinedLate), replaying: false), of: id)
      fleet.beginIncarnation(Incarnation(state.incarnation), of: id)
      sources.append(id)
      expected.append((state.incarnation, isComplete ? 0 : state.messages))
    }
  }

  private static func name(_ engine: Int) -> String { "engine-\(engine)" }

  // MARK: Events

  /// Takes a message in.
  ///
  /// - Parameters:
  ///   - messages: All messages of that incarnation up to this one at least.
  ///   - replays: Whether missed messages are fetched.
  mutating func receive(
    _ sequence: Int, of messages: [EngineMessage], incarnation: UInt32, engine: Int,
    replays: Bool, ids: [TokenID], batch: inout EventBatch, now: UInt64
  ) {
    if incarnation != expected[engine].incarnation {
      guard incarnation > expected[engine].incarnation else { return }
      beginIncarnation(incarnation, of: engine)
    }
    guard sequence >= expected[engine].sequence else { return }
    var first = sequence
    if sequence > expected[engine].sequence {
      if replays {
        first = expected[engine].sequence
      } else {
        fleet.setStream(.live(.incomplete(.gap), replaying: false), of: sources[engine])
      }
    }
    for number in first...sequence {
      batch.fill(messages[number], ids: ids)
      fleet.hasher.prepare(&batch)
      fleet.apply(batch, from: sources[engine], incarnation: Incarnation(incarnation), now: now)
    }
    expected[engine].sequence = sequence + 1
  }

  /// A new process is behind an engine's stream.
  mutating func beginIncarnation(_ incarnation: UInt32, of engine: Int) {
    guard incarnation > expected[engine].incarnation else { return }
    fleet.beginIncarnation(Incarnation(incarnation), of: sources[engine])
    fleet.setStream(.live(.complete, replaying: false), of: sources[engine])
    expected[engine] = (incarnation, 0)
  }

  // MARK: Prompts

  /// Looks a prompt up; `match(of:)` has the answers.
  mutating func look(up prompt: RoutedPrompt, now: UInt64) {
    if fleet.reservations.isDue(now: now) { fleet.expireReservations(now: now) }
    let keys = PromptKeys(
      tokens: prompt.ids + [Self.computedToken], lora: nil, extra: [],
      namespaces: [Self.namespace], hasher: fleet.hasher)
    fleet.match(keys, model: Self.model, into: &matches)
  }

  /// What an engine holds of the prompt that was looked up last; one token is one block.
  func match(of engine: Int) -> PrefixMatch? { matches[sources[engine]] }

  /// Claims that an engine will hold a prompt.
  mutating func reserve(_ prompt: RoutedPrompt, for engine: Int, now: UInt64) {
    let keys = PromptKeys(
      tokens: Array(prompt.ids), lora: nil, extra: [], namespaces: [Self.namespace],
      hasher: fleet.hasher)
    // A full table counts what it refuses; nothing else can go wrong with a configured block size.
    _ = try? fleet.reserve(
      "\(prompt.request)", endpoint: Self.name(engine), prompt: keys, now: now)
  }

  /// Takes a claim back.
  mutating func cancel(_ request: Int) { _ = fleet.cancelReservation("\(request)") }
}

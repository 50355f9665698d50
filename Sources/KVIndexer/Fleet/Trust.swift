/// How far the answers about a source can be believed.
public enum Trust: Sendable, Equatable, BitwiseCopyable {
  /// No event stream: never connected, or the connection is down. Nothing is credited.
  case connecting
  /// Connected; the history of the engine's cache is being fetched, or it is not proven yet that
  /// the engine is the one we knew. Nothing is credited.
  case bootstrapping
  /// Missed events are being replayed: the answer is as of before them.
  case lagging
  /// Every event since the engine's start, or since its cache was last empty, was applied.
  case exact
  /// Part of the history is missing: the answer may be too low or too high.
  case degraded(Degradation)
  /// The engine serves requests, but none of its events arrive. Nothing is credited.
  case silent
  /// What the engine says can't be matched with prompts. Nothing is credited.
  case mismatched(Mismatch)
  /// The engine is gone for so long that its cache is, too: what it held is forgotten.
  case dead

  /// Why a source is not exact although its events arrive.
  public enum Degradation: String, Sendable, CaseIterable, BitwiseCopyable {
    case joinedLate, gap, overflow, undecodable, replayFailed, orphans, budget, unprovenTier, drift
  }

  /// Why a source can't be matched.
  public enum Mismatch: String, Sendable, CaseIterable, BitwiseCopyable {
    case blockSize, cacheGroups, keys, model, identity
  }

  /// What somebody found out about a source that its events don't tell.
  public enum Finding: Sendable, Equatable, BitwiseCopyable {
    case silent
    case mismatched(Mismatch)
    case dead
  }

  /// The state's name in answers and metrics.
  public var name: String {
    switch self {
    case .connecting: "connecting"
    case .bootstrapping: "bootstrapping"
    case .lagging: "lagging"
    case .exact: "exact"
    case .degraded: "degraded"
    case .silent: "silent"
    case .mismatched: "mismatched"
    case .dead: "dead"
    }
  }

  /// The name of why it is degraded or mismatched; nil where it is neither.
  public var cause: String? {
    switch self {
    case .degraded(let cause): cause.rawValue
    case .mismatched(let cause): cause.rawValue
    case .connecting, .bootstrapping, .lagging, .exact, .silent, .dead: nil
    }
  }

  /// Every name that `name` can give: a closed set for metric labels.
  public static let names = [
    "connecting", "bootstrapping", "lagging", "exact", "degraded", "silent", "mismatched", "dead",
  ]

  /// One sentence that says what is wrong and what would mend it; nil when nothing is.
  public var reason: String? {
    switch self {
    case .exact: nil
    case .connecting:
      "The event stream is not connected; nothing of this source is credited. Is the engine up, "
        + "was it started with --kv-events-config, and are address and port those of its events?"
    case .bootstrapping:
      "The engine's history is being fetched, or its next event awaited where it offers no replay; "
        + "until then nothing of this source is credited."
    case .lagging: "Events that were missed are being replayed; the answer is as of before them."
    case .degraded(let cause): cause.sentence
    case .silent:
      "The engine serves requests but sends no events; nothing of this source is credited. Start it "
        + "with --kv-events-config and enable_kv_cache_events, and compare the topic and the port."
    case .mismatched(let cause): cause.sentence
    case .dead:
      "The engine has been gone for so long that what it held is forgotten; nothing is credited. "
        + "It is followed anew when it comes back; if it is gone for good, take it from the endpoints."
    }
  }

  /// Whether reservations of the source's endpoint count: they are our own knowledge, of requests
  /// sent to a server that is there.
  public var takesClaims: Bool { credits || self == .bootstrapping }

  /// Whether blocks of the source count at all.
  public var credits: Bool {
    switch self {
    case .connecting, .bootstrapping, .silent, .mismatched, .dead: false
    case .lagging, .exact, .degraded: true
    }
  }
}

extension Trust.Degradation {
  init(_ cause: IncompleteCause) {
    switch cause {
    case .joinedLate: self = .joinedLate
    case .gap: self = .gap
    case .overflow: self = .overflow
    case .undecodable: self = .undecodable
    case .replayFailed: self = .replayFailed
    }
  }

  var sentence: String {
    switch self {
    case .gap:
      "gap: events were lost and the engine's replay buffer no longer has them; resetting the "
        + "engine's prefix cache makes the source exact again."
    case .joinedLate:
      "joinedLate: the engine cached blocks before its events were followed, and its replay buffer "
        + "does not reach back to its start; it is exact once nothing unknown can be left, or its "
        + "prefix cache is reset."
    case .overflow:
      "overflow: events arrived faster than they were applied and some were dropped."
    case .undecodable:
      "undecodable: some events could not be understood; /metrics counts them by cause."
    case .replayFailed:
      "replayFailed: the engine's replay endpoint did not answer; events may be missing until the "
        + "next one arrives."
    case .orphans:
      "orphans: blocks were stored whose place in a prompt is not known, under parents that were "
        + "never announced or by hash alone; they are not credited."
    case .budget:
      "budget: blocks were evicted to keep the index within its byte budget; raise --memory-budget."
    case .drift:
      "drift: the engine reused other numbers of tokens than its events say; what it holds is "
        + "being learnt anew."
    case .unprovenTier:
      "unprovenTier: the engine cleared its cache and did not say whether lower tiers were kept; "
        + "they are not credited."
    }
  }
}

extension Trust.Mismatch {
  var sentence: String {
    switch self {
    case .blockSize: "blockSize: the engine's cache groups announce different block sizes."
    case .cacheGroups:
      "cacheGroups: the engine has a kind of cache group that is not understood, or none of full "
        + "attention."
    case .keys:
      "keys: the engine reuses prompts of which its events announce nothing; the tokens of prompts "
        + "and of events differ. Compare tokenizer, chat template and LoRA names."
    case .identity:
      "identity: another endpoint is the same engine, or claims its events, and it can't be told "
        + "whose blocks they are; give each endpoint the address of its own engine in 'kvEvents'."
    case .model:
      "model: the endpoint serves another model than it is configured for; `model` in the endpoints "
        + "file has to be a name that its /v1/models lists."
    }
  }
}

import KVIndexer

/// What a running indexer says of its trust in a source, and what mends each state.
extension DoctorProblem {
  /// - Returns: Nil where nothing is to be mended.
  static func untrusted(_ trust: Trust, rank: Int, reason: String?) -> DoctorProblem? {
    guard let mend = mend(of: trust) else { return nil }
    let cause = trust.cause.map { " (\($0))" } ?? ""
    return DoctorProblem(
      // What counts, or will count by itself, is no fault.
      isFault: !trust.takesClaims, code: "not_exact",
      found: "The indexer says of rank \(rank): \(trust.name)\(cause).",
      matters: reason ?? trust.reason ?? "Nothing is known of it.", mend: mend)
  }

  /// A state of an indexer that is newer than this doctor.
  static func unknownTrust(_ name: String, rank: Int, reason: String?) -> DoctorProblem {
    .warning(
      "not_exact", "The indexer says of rank \(rank): \(name), which is not known here.",
      matters: reason ?? "What it means for answers is not known.",
      mend: "Use the `kvindexer doctor` of the indexer's own version.")
  }

  /// What ends a state; nil for the one that nothing has to end.
  static func mend(of trust: Trust) -> String? {
    switch trust {
    case .exact: nil
    case .connecting:
      "See that the engine runs, and that `kvEvents.endpoint` is where it publishes. "
        + eventsFlag
    case .bootstrapping:
      "Wait for the end of the replay. Without a replay endpoint it lasts until the engine's next "
        + "event: start vLLM with \"replay_endpoint\" in `--kv-events-config`, and write "
        + "`kvEvents: {replayEndpoint: …}`."
    case .lagging:
      "Wait for the end of the replay; where many engines are waiting for theirs, raise "
        + "`serve --replays-max`. Where it does not end, events come by replays only: compare "
        + "`kvEvents.endpoint` and `topic` with the engine's."
    case .degraded(let cause): mend(of: cause)
    case .silent: eventsFlag + " Then compare `kvEvents.endpoint` and `topic` with the engine's."
    case .mismatched(let cause): mend(of: cause)
    case .dead:
      "Start the engine, which is then followed anew, or take it from the endpoints. "
        + "`serve --dead-after` says how long an engine may be gone."
    }
  }

  private static func mend(of cause: Trust.Degradation) -> String {
    switch cause {
    case .joinedLate:
      "\(reset), or wait until its cache has turned over. For the next start use "
        + "`serve --state-dir DIR`, and raise \"buffer_steps\" in `--kv-events-config`."
    case .gap:
      "Wait: \(relearnt). Against the next gap give the engine a \"replay_endpoint\", and raise "
        + "\"buffer_steps\", in `--kv-events-config`."
    case .overflow:
      "Wait: \(relearnt). Where it comes back, the indexer's machine is too slow for the events: "
        + "have several `kvindexer serve` share the endpoints."
    case .undecodable:
      "See what comes with `kvindexer tap`, and use a newer kvindexer. \(reset)."
    case .replayFailed:
      "Correct `kvEvents.replayEndpoint`, or start vLLM with \"replay_endpoint\" in "
        + "`--kv-events-config`."
    case .orphans:
      "\(reset), or have it learnt anew with `POST /v1/sources/ID/resync`, which needs a "
        + "\"replay_endpoint\" in `--kv-events-config`."
    case .budget: "Raise `serve --memory-budget`. \(reset)."
    case .unprovenTier:
      "Reset the lower tiers with the cache: `POST /reset_prefix_cache?reset_external=true`; then "
        + "say so with `POST /v1/sources/ID/incarnation`."
    case .drift:
      "Wait: \(relearnt). Where it comes back, see by `kvindexer decisions` which prompts are "
        + "predicted wrongly, and that `port` leads to one engine and not to a load balancer."
    }
  }

  private static func mend(of cause: Trust.Mismatch) -> String {
    switch cause {
    case .blockSize, .cacheGroups:
      "Start vLLM with `--disable-hybrid-kv-cache-manager`, or route to it by load only."
    case .keys:
      "Render with the engine's own tokenizer and chat template (`serve --render-url`, vLLM's "
        + "`--chat-template`), and call adapters as `--lora-modules` does."
    case .model:
      "Write what it serves as `model` in the endpoints file, or start vLLM with "
        + "`--served-model-name`."
    case .identity:
      "Give each endpoint the `kvEvents.endpoint` of its own engine, and take one of the two out "
        + "where they are one."
    }
  }

  private static let reset = "Reset the engine's prefix cache (`POST /reset_prefix_cache`)"

  private static let relearnt =
    "half a minute later it is learnt anew, unless `serve --audit` says otherwise"
}

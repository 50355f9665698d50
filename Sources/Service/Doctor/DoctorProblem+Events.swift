import KVIndexer

/// What can be wrong with an engine's events and their replay.
extension DoctorProblem {
  static func cannotListen(_ error: ZMQError) -> DoctorProblem {
    .warning(
      "cannot_listen", "The address that the engine connects to can't be taken here: \(error).",
      matters: "Its events could not be looked at: an indexer that runs on this machine has them.",
      mend: "Ask that indexer: `kvindexer doctor --server URL`.")
  }

  static func notConnected(
    _ address: EventAddress, isBound: Bool, isTaken: Bool, announced: String?
  ) -> DoctorProblem {
    let hint = announced.map { " The engine itself says \($0)." } ?? ""
    if isBound {
      return .fault(
        "not_connected", "No engine has connected to \(address).",
        matters: "Nothing of what it caches is known: it is routed to blindly.",
        mend: "Start vLLM with this machine's address as \"endpoint\" in `--kv-events-config`."
          + hint)
    }
    if isTaken {
      return .fault(
        "not_events", "What listens at \(address) publishes no events.",
        matters: "Nothing of what the engine caches is known: it is routed to blindly.",
        mend: "Correct `kvEvents.endpoint`: it may be the port of the HTTP API or of replays."
          + hint)
    }
    return .fault(
      "not_connected", "Nobody listens at \(address).",
      matters: "Nothing of what the engine caches is known: it is routed to blindly.",
      mend: "Correct `kvEvents.endpoint`, open the port, and see that the engine binds it: "
        + "\"endpoint\" with a `*` (`tcp://*:5557`); with a host, vLLM connects instead." + hint)
  }

  static var noEvents: DoctorProblem {
    .fault(
      "no_events", "The engine has served a new prompt, and no event came of it.",
      matters: "The connection stands, but nothing of what the engine caches becomes known.",
      mend: eventsFlag + " Without `--enable-prefix-caching` there are no events either.")
  }

  static func foreignEvents(_ messages: Int, topics: [String]) -> DoctorProblem {
    let named = topics.filter { !$0.isEmpty }
    let topic = named.isEmpty ? "" : " Their topic is '\(named.joined(separator: "', '"))'."
    return .fault(
      "foreign_events",
      "\(messages) message\(messages == 1 ? "" : "s") came, but none stores the tokens of the "
        + "prompt that this engine was sent." + topic,
      matters: "The events are another engine's, or of other tokens: every prediction is wrong.",
      mend: "Compare `port` and `kvEvents.endpoint` of the endpoints: two of them are crossed, or "
        + "a proxy stands between `port` and the engine.")
  }

  static func otherTopic(configured: String, seen: [String]) -> DoctorProblem {
    .fault(
      "other_topic",
      "The topic filter is '\(configured)', but events come with the topic "
        + "'\(seen.joined(separator: "', '"))'.",
      matters: "The indexer drops every event of this engine.",
      mend: "Remove `topic` from `kvEvents` (an address that is one engine's needs no filter), or "
        + "write a prefix of what the engine sends.")
  }

  static func namesOther(topic: String, address: String) -> DoctorProblem {
    .warning(
      "topic_names_other", "The topic '\(topic)' names another server than \(address).",
      matters: "Topics identify nobody here, but whoever routes by them takes the events for "
        + "another server's.",
      mend: "Give each vLLM its own \"topic\": `kv@HOST:PORT@MODEL`.")
  }

  static func undecodable(_ messages: Int, malformed: Int) -> DoctorProblem {
    .fault(
      "undecodable",
      "\(messages) messages could not be decoded, and \(malformed) were no event messages.",
      matters: "What they said is lost: the endpoint is `degraded`.",
      mend: "See what comes with `kvindexer tap`, and report it with `kvindexer record`.")
  }

  static func unknownParts(skipped: Int, tags: Int, fields: Int) -> DoctorProblem {
    .warning(
      "unknown_parts",
      "Events have parts that are not known: \(skipped) events not understood, \(tags) of "
        + "unknown kinds, \(fields) unknown fields.",
      matters:
        "The engine is newer than this indexer: what the parts mean is not taken into account.",
      mend: "Use a newer kvindexer; until then compare predicted with delivered tokens.")
  }

  static func otherBlockSize(configured: Int, learnt: Int) -> DoctorProblem {
    .warning(
      "other_block_size",
      "`blockSize: \(configured)` is configured, but the events say \(learnt).",
      matters: "Events are right; until the first one comes, prompts are reserved in wrong blocks.",
      mend: "Write `blockSize: \(learnt)`, or leave it out.")
  }

  static func mismatched(_ trust: Trust) -> DoctorProblem {
    .fault(
      "mismatched", trust.reason ?? trust.name,
      matters: "Nothing of this endpoint is credited.", mend: mend(of: trust) ?? "")
  }

  static func oldFormat(missing: [String]) -> DoctorProblem {
    let lost = [
      "extra_keys": "prompts with a `cache_salt` or with images are taken for prompts without",
      "lora_name": "prompts of an adapter are known by its number only, and match nothing",
      "group_idx": "cache groups of hybrid models can't be told apart",
    ]
    return .warning(
      "old_format", "Its events have no \(missing.joined(separator: ", no ")).",
      matters: "They are of an old vLLM: "
        + missing.compactMap { lost[$0] }.joined(separator: "; ") + ".",
      mend: "Use vLLM 0.24 or later; until then send no salts, images or adapters through it.")
  }

  // MARK: Replay

  static func noReplay(announced: String?, address: EventAddress) -> DoctorProblem {
    let mend =
      announced.map {
        "Write `kvEvents: {replayEndpoint: \"\(address.replacingPort(with: $0))\"}`: the engine "
          + "offers it."
      }
      ?? "Start vLLM with \"replay_endpoint\": \"tcp://*:5558\" in `--kv-events-config`, and write "
      + "`kvEvents: {replayEndpoint: …}`."
    return .warning(
      "no_replay", "No replay endpoint is configured.",
      matters: "Events that are missed, and all before the indexer's start, stay unknown: the "
        + "endpoint is `degraded` after every restart.",
      mend: mend)
  }

  static func replaySilent(_ address: EventAddress, announced: String?) -> DoctorProblem {
    .fault(
      "replay_silent", "Nothing is answered at \(address).",
      matters: "Missed events can't be fetched: a gap leaves the endpoint `degraded`.",
      mend: "Correct `kvEvents.replayEndpoint`, or start vLLM with \"replay_endpoint\" in "
        + "`--kv-events-config`." + (announced.map { " The engine itself says \($0)." } ?? ""))
  }

  static func replayGarbage(_ messages: Int) -> DoctorProblem {
    .fault(
      "replay_garbage", "\(messages) answers are no messages of a replay.",
      matters: "Missed events can't be fetched: a gap leaves the endpoint `degraded`.",
      mend: "Correct `kvEvents.replayEndpoint`: something else listens there.")
  }

  static func replayUnended(_ batches: Int) -> DoctorProblem {
    .fault(
      "replay_unended", "\(batches) messages came, but not the end of the replay.",
      matters: "Whoever waits for the end waits in vain, or the replay is slower than the limit.",
      mend: "Try a longer `--timeout`; if that changes nothing, use another vLLM.")
  }

  static func replayForeign(_ differing: Int) -> DoctorProblem {
    .fault(
      "replay_foreign", "\(differing) replayed messages are other than what was published.",
      matters:
        "Events and replay are of two engines: after a gap the index holds another's blocks.",
      mend: "Correct `kvEvents.replayEndpoint`, or `kvEvents.endpoint`, whichever is not this "
        + "engine's and this rank's.")
  }

  static func replayIncomplete(start: UInt64?, hasHole: Bool) -> DoctorProblem {
    let found =
      hasHole
      ? "The replay has holes."
      : "The replay begins at message \(start ?? 0): earlier ones are gone."
    return .warning(
      "replay_wrapped", found,
      matters: "An indexer that starts now is `degraded(joinedLate)` until the engine's cache has "
        + "turned over or is reset.",
      mend: "Start the indexer with its engines, or with a snapshot; raise \"buffer_steps\".")
  }
}

/// What can be wrong with an engine's HTTP API, and with what it says of itself.
extension DoctorProblem {
  static func unresolved(_ host: HostName, _ reason: String) -> DoctorProblem {
    .fault(
      "unresolved", "The host name \(host) has no address: \(reason).",
      matters: "The endpoint is left out: nothing is routed to it and nothing of it is known.",
      mend: "Correct `address` in the endpoints file, or the name service of this machine.")
  }

  static func unreachable(_ authority: String, _ error: HTTPClientError) -> DoctorProblem {
    let what = error.kind == .timedOut ? "does not answer in time" : "can't be reached"
    return .fault(
      "unreachable", "\(authority) \(what): \(error.message).",
      matters: "No request can be served there, and its state can't be read.",
      mend: "Start the engine, or correct `address` and `port`. An engine that was started with "
        + "`--host 127.0.0.1` is reached from its own machine only.")
  }

  static func notHTTP(_ authority: String, _ error: HTTPClientError) -> DoctorProblem {
    .fault(
      "not_an_engine", "What listens at \(authority) does not answer in HTTP: \(error.message).",
      matters: "No request can be served there, and its state can't be read.", mend: httpPort)
  }

  private static let httpPort =
    "Correct `port`: it is that of `vllm serve --port`, not that of its events or replays."

  static func unhealthy(_ status: Int) -> DoctorProblem {
    .fault(
      "unhealthy", "GET /health answers \(status).",
      matters: "The API server runs, but the engine behind it does not serve.",
      mend: "Look into the engine's log, and start it again.")
  }

  static func unauthorized(hasKey: Bool) -> DoctorProblem {
    .fault(
      "unauthorized",
      hasKey
        ? "The engine does not take the API key (401)." : "The engine asks for an API key (401).",
      matters: "Rendering, metrics and model names can't be read without it: prompts that are "
        + "text match nothing.",
      mend: "Give its key: `doctor --api-key-file FILE`, and `serve --render-token-file FILE`.")
  }

  static func notAnEngine(_ status: Int, _ message: String) -> DoctorProblem {
    .fault(
      "not_an_engine", "GET /v1/models answers \(status): \(message)",
      matters: "What listens there is no OpenAI-compatible model server.",
      mend: httpPort)
  }

  static func otherModel(configured: String, _ served: ServedModels.List) -> DoctorProblem {
    .fault(
      "other_model", served.contradiction(of: configured) + ".",
      matters: "Requests for the configured model are refused by the engine, and a running indexer "
        + "credits it with nothing: `mismatched(model)`.",
      mend: served.mend(for: configured))
  }

  static var asleep: DoctorProblem {
    .warning(
      "asleep", "The engine sleeps, or is paused.",
      matters: "Requests wait there until somebody wakes it up, and asleep it holds nothing; so it "
        + "is sent no prompt.",
      mend: "Wake it up with `POST /wake_up` (`/resume` after a pause), and run the doctor again. "
        + "Take it from the endpoints while it is to sleep.")
  }

  static var prefixCachingOff: DoctorProblem {
    .fault(
      "prefix_caching_off", "Its metrics say that prefix caching is off.",
      matters: "The engine reuses nothing and announces nothing: there is nothing to route by.",
      mend: "Start vLLM with `--enable-prefix-caching`.")
  }

  // MARK: What it says of its events

  static func eventsDisabled(publisher: String?) -> DoctorProblem {
    let found =
      publisher.map { "GET /kv_event_sources says that events go to the publisher '\($0)'." }
      ?? "GET /kv_event_sources says that KV events are off."
    return .fault(
      "events_off", found,
      matters: "The indexer learns nothing of what this engine caches: it is routed to blindly.",
      mend: eventsFlag)
  }

  static let eventsFlag =
    "Start vLLM with `--kv-events-config '{\"enable_kv_cache_events\": true, \"publisher\": "
    + "\"zmq\", \"endpoint\": \"tcp://*:5557\", \"replay_endpoint\": \"tcp://*:5558\"}'`."

  static func otherRanks(configured: Int, announced: Int) -> DoctorProblem {
    .fault(
      "other_ranks",
      "\(configured) rank\(configured == 1 ? " is" : "s are") configured, but the engine has "
        + "\(announced).",
      matters: configured < announced
        ? "What the other ranks cache is not known: requests that they serve are mispredicted."
        : "The ranks that are not there never become exact.",
      mend: "Write `kvEvents: {ranks: \(announced)}`: rank r uses both ports plus r.")
  }

  static func otherPort(
    _ field: String, rank: Int, configured: EventAddress, announced: String
  ) -> DoctorProblem {
    .warning(
      "other_port",
      "Rank \(rank): \(configured) is configured as `\(field)`, the engine says \(announced).",
      matters: "Unless ports are mapped on the way, events are sought where none are, or where "
        + "another engine's are.",
      mend: "Write `kvEvents: {\(field): \"\(configured.replacingPort(with: announced))\"}`.")
  }

  static func smallRing(_ steps: Int) -> DoctorProblem {
    .warning(
      "small_ring", "The engine keeps its last \(steps) messages only (`buffer_steps`).",
      matters: "An indexer that starts again, or loses its connection, finds the beginning gone, "
        + "and stays `degraded` until the engine's cache has turned over.",
      mend: "Leave \"buffer_steps\" in `--kv-events-config` at its default of 10000, or raise it.")
  }
}

extension EventAddress {
  /// This address with the port of another one, which engines spell with `*` or an inner name.
  func replacingPort(with announced: String) -> String {
    guard case .tcp(let host?, _) = self, case .tcp(_, let port)? = EventAddress(announced) else {
      return announced
    }
    return "tcp://\(host):\(port)"
  }
}

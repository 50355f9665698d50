/// What to do about an event stream that never came up although its engine answers, or of which
/// nothing is heard.
enum ConnectionAdvice {
  /// - Returns: Nil where events are heard, or nothing is known of the engine.
  static func text(
    _ source: FleetMembership.Subscribed, _ stream: SubscriptionSnapshot, _ engine: EngineSnapshot?
  ) -> String? {
    if stream.isDeaf {
      return
        "events come by replays only, and late; compare topic and port of 'kvEvents' with what the "
        + "engine publishes."
    }
    guard stream.state == .connecting, stream.counters.connections == 0, let engine,
      engine.health == .up
    else { return nil }
    let address = source.configuration.eventAddress.description
    if source.configuration.isBound {
      return
        "no engine connects to \(address), although the endpoint answers HTTP: start vLLM with "
        + "--kv-events-config '{\"enable_kv_cache_events\": true, \"publisher\": \"zmq\", "
        + "\"endpoint\": \"tcp://HOST-OF-THE-INDEXER:PORT\"}'."
    }
    return "nothing listens at \(address), although the endpoint answers HTTP: start vLLM with "
      + "--kv-events-config '{\"enable_kv_cache_events\": true, \"publisher\": \"zmq\", "
      + "\"endpoint\": \"tcp://*:PORT\"}', and compare address and port."
  }
}

package import Simulation

/// What a simulated model server serves, where, and how fast.
package struct SimulatedServerConfiguration: Sendable, Equatable {
  /// The served name of its only model.
  package var model = "simulated"
  /// LoRA adapters of the model, by the names that requests call them.
  package var adapters: [String] = []
  /// Where it takes requests; port 0 asks for a free one.
  package var address = ListenAddress.tcp(host: "127.0.0.1", port: 0)
  /// Where it publishes KV events; port `*` asks for a free one.
  package var eventEndpoint = "tcp://127.0.0.1:*"
  /// Where it replays KV events; nil to offer no replay.
  package var replayEndpoint: String? = "tcp://127.0.0.1:*"
  /// Batches of events that can be replayed.
  package var replayBatchesMax = 10_000
  /// The first frame of every message of events.
  package var topic = ""
  package var engine: EngineConfiguration
  package var stepTime = StepTime()
  /// Connections at a time, each with a thread of its own.
  package var connectionsMax = 256
  /// The prompts of one request.
  package var promptsMax = 64
  package var features = SimulatedFeatures()

  /// A server on free ports of the loopback interface.
  package init(engine: EngineConfiguration) {
    self.engine = engine
  }
}

/// What a simulated server can do, beyond serving; by default all that the newest vLLM can.
package struct SimulatedFeatures: Sendable, Equatable {
  /// What it calls its version; nil to tell none.
  package var version: String? = "0.32.0"
  package var publishesEvents = true
  /// Whether `/kv_event_sources` exists.
  package var tellsEventSources = true
  /// How events are written.
  package var generation = WireGeneration.v032
  /// Whether replayed messages carry the topic frame.
  package var replaysTopic = true
  /// Whether the replay endpoint tells what the engine caches, as no released vLLM does.
  package var offersSnapshots = false
  /// Whether `--enable-scale-out` was given.
  package var renders = true
  /// Whether `--enable-prompt-tokens-details` was given.
  package var tellsCachedTokens = true
  /// Whether a `cache_salt` sets prompts apart.
  package var honoursSalt = true
  /// Whether an adapter sets prompts apart; else it is the model under another name.
  package var honoursAdapters = true

  package init() {}
}

/// How long a scheduler step takes: a fixed part, and a part for each token that it computes.
///
/// Tokens that the prefix cache holds are not computed, hence cost nothing. The default suits a
/// demonstration: no GPU is that fast.
package struct StepTime: Sendable, Equatable {
  package var base = Duration.microseconds(500)
  package var perToken = Duration.microseconds(10)

  package init() {}

  /// The time of a step that computes `tokens`.
  package func duration(tokens: Int) -> Duration { base + perToken * tokens }
}

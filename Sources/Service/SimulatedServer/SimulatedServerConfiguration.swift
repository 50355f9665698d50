package import Simulation

/// What a simulated model server serves, where, and how fast.
package struct SimulatedServerConfiguration: Sendable, Equatable {
  /// The served name of its only model.
  package var model = "simulated"
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

  /// A server on free ports of the loopback interface.
  package init(engine: EngineConfiguration) {
    self.engine = engine
  }
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

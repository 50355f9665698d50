import Simulation

/// Chooses engines by what the indexer says of them, and knows how many requests each has.
final class EngineChoices: @unchecked Sendable {
  /// One request in so many goes to another endpoint than the best, so that prefixes spread.
  private static let requestsPerMove = 10

  private let lock = Lock()
  // Under the lock:
  private var random: SplitMix64
  private var running: [Int]

  init(engines: Int, seed: UInt64) {
    random = SplitMix64(seed: seed)
    running = Array(repeating: 0, count: engines)
  }

  /// Chooses an engine for a request: the best score, then the fewest running.
  ///
  /// - Parameter scores: One an engine.
  func choose(_ scores: [Double]) -> Int {
    lock.withLock {
      func isBetter(_ a: Int, _ b: Int) -> Bool {
        (scores[a], -running[a]) > (scores[b], -running[b])
      }
      var choice = scores.indices.reduce(0) { isBetter($1, $0) ? $1 : $0 }
      if scores.count > 1, random.below(Self.requestsPerMove) == 0 {
        choice = (choice + 1 + random.below(scores.count - 1)) % scores.count
      }
      running[choice] += 1
      return choice
    }
  }

  /// A request is over.
  func leave(_ engine: Int) { lock.withLock { running[engine] -= 1 } }
}

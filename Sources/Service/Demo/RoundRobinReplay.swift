import KVIndexer
import Simulation

/// What the same requests would have found cached, had they gone to the engines by turns.
///
/// Engines of the same size in memory, which get one request after the other, in the order of their
/// answers, and give the same answers.
struct RoundRobinReplay {
  private var engines: [SimulatedEngine]
  private var turn = 0
  private(set) var hits = HitCount()

  init(_ options: DemoOptions) throws(EngineConfigurationError) {
    engines = []
    for _ in 0..<options.engines { engines.append(try SimulatedEngine(options.engine)) }
  }

  /// Gives a request to the engine whose turn it is.
  mutating func add(_ request: DemoTraffic.Finished) throws(SubmissionError) {
    let engine = turn % engines.count
    turn += 1
    _ = try engines[engine].submit(
      EngineRequest(tokens: request.prompt, output: .scripted(request.output)), now: .zero)
    while !engines[engine].isIdle {
      for result in engines[engine].step(now: .zero).finished {
        hits.promptTokens += result.promptTokens
        hits.cachedTokens += result.cachedTokens
      }
    }
  }
}

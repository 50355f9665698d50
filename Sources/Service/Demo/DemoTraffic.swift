import KVIndexer
import Simulation

/// The requests of the demo: what is asked next, where it goes, and what came of it.
final class DemoTraffic: @unchecked Sendable {
  /// What happened on one endpoint, or on all.
  struct Tally: Equatable {
    var requests = 0
    /// Chosen for the endpoint and not answered yet.
    var running = 0
    var promptTokens = 0
    var predictedTokens = 0
    var deliveredTokens = 0
    /// Requests whose predicted tokens equal the delivered ones.
    var equal = 0

    static func + (a: Tally, b: Tally) -> Tally {
      Tally(
        requests: a.requests + b.requests, running: a.running + b.running,
        promptTokens: a.promptTokens + b.promptTokens,
        predictedTokens: a.predictedTokens + b.predictedTokens,
        deliveredTokens: a.deliveredTokens + b.deliveredTokens, equal: a.equal + b.equal)
    }
  }

  /// A request after its answer.
  struct Exchange {
    var request: ChatRequest
    var engine: Int
    var predictedTokens: Int
    var deliveredTokens: Int
    var output: [TokenID]
  }

  /// One request in so many goes to another endpoint than the best, so that prefixes spread.
  private static let requestsPerMove = 10
  private static let differencesMax = 10

  private let lock = Lock()
  // Under the lock:
  private var workload: ChatWorkload
  private var random: SplitMix64
  private var tallies: [Tally]
  private var differing: [Exchange] = []
  private var lastPrompt: [TokenID] = []
  private var isOver = false
  private var fault: (any Error)?

  init(_ workload: ChatWorkload, engines: Int, seed: UInt64) {
    self.workload = workload
    random = SplitMix64(seed: seed)
    tallies = Array(repeating: Tally(), count: engines)
  }

  /// The next request; nil when there are to be no more.
  func next() -> ChatRequest? {
    lock.withLock { isOver ? nil : workload.nextRequest() }
  }

  /// Chooses an endpoint for a request: the best score, then the fewest running.
  ///
  /// - Parameter scores: One an endpoint.
  func choose(_ scores: [Double]) -> Int {
    lock.withLock {
      func isBetter(_ a: Int, _ b: Int) -> Bool {
        (scores[a], -tallies[a].running) > (scores[b], -tallies[b].running)
      }
      var choice = scores.indices.reduce(0) { isBetter($1, $0) ? $1 : $0 }
      if scores.count > 1, random.below(Self.requestsPerMove) == 0 {
        choice = (choice + 1 + random.below(scores.count - 1)) % scores.count
      }
      tallies[choice].running += 1
      return choice
    }
  }

  func record(_ exchange: Exchange) {
    lock.withLock {
      workload.answer(exchange.output, to: exchange.request.session)
      lastPrompt = exchange.request.tokens
      let isEqual = exchange.predictedTokens == exchange.deliveredTokens
      if !isEqual, differing.count < Self.differencesMax { differing.append(exchange) }
      tallies[exchange.engine].running -= 1
      tallies[exchange.engine].requests += 1
      tallies[exchange.engine].promptTokens += exchange.request.tokens.count
      tallies[exchange.engine].predictedTokens += exchange.predictedTokens
      tallies[exchange.engine].deliveredTokens += exchange.deliveredTokens
      tallies[exchange.engine].equal += isEqual ? 1 : 0
    }
  }

  /// Lets the requests under way finish, and begins no more.
  func end() { lock.withLock { isOver = true } }

  /// Ends the traffic because of an error, of which the first one is kept.
  func fail(_ error: any Error) {
    lock.withLock {
      fault = fault ?? error
      isOver = true
    }
  }

  var failure: (any Error)? { lock.withLock { fault } }

  /// One tally an endpoint.
  var endpointTallies: [Tally] { lock.withLock { tallies } }

  /// The first requests that were predicted wrongly.
  var differences: [Exchange] { lock.withLock { differing } }

  /// A prompt that some endpoint is likely to hold.
  var recentPrompt: [TokenID] { lock.withLock { lastPrompt } }
}

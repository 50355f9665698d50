import KVIndexer
import Simulation

/// The requests of the demo: what is asked next, and what came of it.
final class DemoTraffic: @unchecked Sendable {
  /// A request after its answer.
  struct Exchange {
    var request: ChatRequest
    /// When it was sent and answered, in the traffic's time.
    var began: Int
    var answered: Int
    var prediction: DemoPrediction
    /// The prompt as the engine saw it.
    var prompt: [TokenID]
    var output: [TokenID]
  }

  /// What was asked and answered, to ask others the same.
  struct Finished {
    var prompt: [TokenID]
    var output: [TokenID]
  }

  private static let differencesMax = 10

  private let lock = Lock()
  // Under the lock:
  private var workload: ChatWorkload
  private var sharing = EngineSharing()
  private var tallies: [DemoTally]
  private var causes: [String: Int] = [:]
  private var differing: [DemoPrediction] = []
  private var finished: [Finished] = []
  private var lastPrompt: [TokenID] = []
  private var isOver = false
  private var fault: (any Error)?

  init(_ workload: ChatWorkload, engines: Int) {
    self.workload = workload
    tallies = Array(repeating: DemoTally(), count: engines)
  }

  // MARK: For clients

  /// The next request; nil when there are to be no more.
  func next() -> ChatRequest? {
    lock.withLock { isOver ? nil : workload.nextRequest() }
  }

  /// A request is about to be sent; returns the time.
  func begin() -> Int { lock.withLock { sharing.begin() } }

  /// A request was just answered; returns the time.
  func answered() -> Int { lock.withLock { sharing.answer() } }

  /// The events of an exchange's engine are applied.
  func record(_ exchange: Exchange) {
    let prediction = exchange.prediction
    lock.withLock {
      workload.answer(exchange.output, to: exchange.request.session)
      lastPrompt = exchange.prompt
      finished.append(Finished(prompt: exchange.prompt, output: exchange.output))
      if let cause = prediction.approximation { causes[cause, default: 0] += 1 }
      tallies[prediction.engine].requests += 1
      tallies[prediction.engine].predictedTokens += prediction.predictedTokens
      tallies[prediction.engine].hits.promptTokens += prediction.promptTokens
      tallies[prediction.engine].hits.cachedTokens += prediction.deliveredTokens
      let known = sharing.settle(
        prediction, began: exchange.began, answered: exchange.answered)
      for (prediction, isShared) in known { judge(prediction, isShared: isShared) }
    }
  }

  /// To be called with the lock held.
  private func judge(_ prediction: DemoPrediction, isShared: Bool) {
    guard prediction.approximation == nil else { return }
    guard !isShared else { return tallies[prediction.engine].shared.add(prediction) }
    tallies[prediction.engine].alone.add(prediction)
    if !prediction.isEqual, differing.count < Self.differencesMax { differing.append(prediction) }
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

  // MARK: For whoever looks on

  var failure: (any Error)? { lock.withLock { fault } }

  /// One tally an endpoint.
  var endpointTallies: [DemoTally] { lock.withLock { tallies } }

  /// Predictions that were guesses, by why they were.
  var approximations: [String: Int] { lock.withLock { causes } }

  /// The first predictions that had to be right and were not.
  var differences: [DemoPrediction] { lock.withLock { differing } }

  /// What has finished since the last call, in this order.
  func takeFinished() -> [Finished] {
    lock.withLock {
      defer { finished = [] }
      return finished
    }
  }

  /// A prompt that some endpoint is likely to hold.
  var recentPrompt: [TokenID] { lock.withLock { lastPrompt } }
}

/// Tells which requests had their engine to themselves.
///
/// A request has its engine from before it is sent until the indexer has applied the engine's
/// events. Where it goes is known when it is answered, so its neighbours are known when all those
/// have settled that were sent before that. Time is a count of calls.
struct EngineSharing {
  /// A request that has settled.
  struct Visit: Equatable {
    var prediction: DemoPrediction
    /// When it was sent, which is its name too.
    var began: Int
    var answered: Int
    var settled: Int

    /// Whether another one could change what this one found on the engine.
    func isNeighbour(of other: Visit) -> Bool {
      prediction.engine == other.prediction.engine && began < other.answered
        && settled > other.began && began != other.began
    }
  }

  private var clock = 0
  /// When those were sent that have not settled.
  private var open: Set<Int> = []
  private var undecided: [Visit] = []
  /// Those whose neighbours are known, while they may be neighbours themselves.
  private var decided: [Visit] = []

  /// A request is about to be sent; returns its name.
  mutating func begin() -> Int {
    clock += 1
    open.insert(clock)
    return clock
  }

  /// The time, for a request that was just answered.
  mutating func answer() -> Int {
    clock += 1
    return clock
  }

  /// The events of a request's engine are applied.
  ///
  /// - Returns: The predictions whose neighbours are known now, and whether there are any.
  mutating func settle(
    _ prediction: DemoPrediction, began: Int, answered: Int
  ) -> [(prediction: DemoPrediction, isShared: Bool)] {
    clock += 1
    open.remove(began)
    undecided.append(
      Visit(prediction: prediction, began: began, answered: answered, settled: clock))
    let oldest = open.min() ?? .max
    let all = undecided + decided
    let ready = undecided.filter { $0.answered < oldest }
    undecided.removeAll { $0.answered < oldest }
    let horizon = min(oldest, undecided.lazy.map(\.began).min() ?? .max)
    decided = (decided + ready).filter { $0.settled > horizon }
    return ready.map { visit in
      (visit.prediction, all.contains { $0.isNeighbour(of: visit) })
    }
  }
}

import KVIndexer

/// What was seen in one run.
struct FaultRecord {
  /// How a run ended.
  enum End: Equatable {
    case exact
    case honest(String)
    /// Neither exact and right, nor settled in a state that says why not.
    case unsettled(String)
  }

  /// Failures that are told in words; more are only counted.
  private static let toldMax = 3

  var exactAnswers = 0
  var wrong = 0
  private(set) var failures: [String] = []
  /// By how many milliseconds an exact answer was behind, at most.
  var oldestExact = 0.0
  /// Since when every answer about the faulty engine has been exact; nil while they are not.
  private(set) var exactSince: UInt64?
  /// The last answer's state, since when it has been that, and since when other than exact.
  private(set) var state = ""
  private var stateSince: UInt64 = 0
  private var notExactSince: UInt64?
  var faultOverAt: UInt64?
  var end = End.unsettled("it was not run to its end")

  /// From the end of the fault to the first of the exact answers that no other ones followed.
  var millisecondsToExact: Double? {
    guard end == .exact, let exactSince, let faultOverAt else { return nil }
    return exactSince > faultOverAt ? Double(exactSince - faultOverAt) / 1e6 : 0
  }

  mutating func note(state: String, at time: UInt64) {
    if state != self.state { stateSince = time }
    self.state = state
    if state == "exact" {
      exactSince = exactSince ?? time
      notExactSince = nil
    } else {
      notExactSince = notExactSince ?? time
      exactSince = nil
    }
  }

  /// Whether the state is one that ends by itself.
  var isPassing: Bool { state == Trust.bootstrapping.name || state == Trust.lagging.name }

  /// Whether the state has been one for some time that may be the end, other than exact.
  func isSettled(in end: Fault.End, since time: UInt64) -> Bool {
    switch end {
    case .exact: false
    case .state(let state): self.state == state && stateSince < time
    case .honest, .either: notExactSince.map { $0 < time } ?? false
    }
  }

  mutating func noteFailure(_ text: @autoclosure () -> String) {
    if failures.count < Self.toldMax { failures.append(text()) }
  }
}

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
  private static let wrongToldMax = 3

  var answers = 0
  var exactAnswers = 0
  var wrong = 0
  var wrongTold: [String] = []
  /// By how many milliseconds an exact answer was behind, at most.
  var oldestExact = 0.0
  /// Since when every answer about the faulty engine has been exact; nil while they are not.
  var exactSince: UInt64?
  /// The last answer's trust, and since when it has been other than exact.
  var trust = ""
  var notExactSince: UInt64?
  var faultOverAt: UInt64?
  var end = End.unsettled("it was not run to its end")

  /// From the end of the fault to the first of the exact answers that no other ones followed.
  var millisecondsToExact: Double? {
    guard end == .exact, let exactSince, let faultOverAt else { return nil }
    return exactSince > faultOverAt ? Double(exactSince - faultOverAt) / 1e6 : 0
  }

  mutating func note(trust: String, at time: UInt64) {
    self.trust = trust
    if trust == "exact" {
      exactSince = exactSince ?? time
      notExactSince = nil
    } else {
      notExactSince = notExactSince ?? time
      exactSince = nil
    }
  }

  mutating func noteWrong(_ text: @autoclosure () -> String) {
    wrong += 1
    if wrongTold.count < Self.wrongToldMax { wrongTold.append(text()) }
  }
}

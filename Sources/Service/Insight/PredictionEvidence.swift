/// What is kept of a prediction to find out later why it was wrong.
struct PredictionEvidence: Sendable {
  /// The prompt's keys.
  var prompt: HashedPrompt
  /// The candidates that the decision remembers, in its order.
  var members: [FleetMembership.Member]

  /// Bytes that it takes, about.
  var bytes: Int { prompt.keys.bytes + members.count * MemoryLayout<Int>.stride }
}

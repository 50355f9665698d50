/// What came of all requests whose response told how much of their prompt was cached.
struct TrafficTotals: Sendable, Equatable {
  /// What one way of predicting said of some of these requests, and what they then got.
  struct Predicted: Sendable, Equatable {
    var requests = 0
    var promptTokens = 0
    var predictedTokens = 0
    var absoluteErrorTokens = 0
    var regretTokens = 0
  }

  var requests = 0
  var promptTokens = 0
  var deliveredTokens = 0
  var precise = Predicted()
  var approximate = Predicted()
}

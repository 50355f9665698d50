/// What happened on one endpoint, or on all.
struct DemoTally: Equatable {
  var requests = 0
  var hits = HitCount()
  var predictedTokens = 0
  /// Of requests that had their engine to themselves, and were predicted from exact knowledge.
  var alone = Verdict()
  /// Of requests that had neighbours on their engine, and were predicted from exact knowledge.
  var shared = Verdict()

  /// Predictions held against what was delivered.
  struct Verdict: Equatable {
    var requests = 0
    var equal = 0
    var predictedTokens = 0
    var deliveredTokens = 0

    mutating func add(_ prediction: DemoPrediction) {
      requests += 1
      equal += prediction.isEqual ? 1 : 0
      predictedTokens += prediction.predictedTokens
      deliveredTokens += prediction.deliveredTokens
    }

    static func + (a: Verdict, b: Verdict) -> Verdict {
      Verdict(
        requests: a.requests + b.requests, equal: a.equal + b.equal,
        predictedTokens: a.predictedTokens + b.predictedTokens,
        deliveredTokens: a.deliveredTokens + b.deliveredTokens)
    }
  }

  static func + (a: DemoTally, b: DemoTally) -> DemoTally {
    DemoTally(
      requests: a.requests + b.requests, hits: a.hits + b.hits,
      predictedTokens: a.predictedTokens + b.predictedTokens, alone: a.alone + b.alone,
      shared: a.shared + b.shared)
  }
}

/// How much of prompts was cached.
struct HitCount: Equatable {
  var promptTokens = 0
  var cachedTokens = 0

  /// In percent with one decimal.
  var ratio: String {
    guard promptTokens > 0 else { return "–" }
    let permille = (cachedTokens * 1000 + promptTokens / 2) / promptTokens
    return "\(permille / 10).\(permille % 10) %"
  }

  static func + (a: HitCount, b: HitCount) -> HitCount {
    HitCount(
      promptTokens: a.promptTokens + b.promptTokens, cachedTokens: a.cachedTokens + b.cachedTokens)
  }
}

/// What was said of a request's prefix before it was sent, and what the engine said afterwards.
struct DemoPrediction: Equatable {
  var engine: Int
  var promptTokens: Int
  var predictedTokens: Int
  var deliveredTokens: Int
  /// Why the prediction was a guess; nil when it rests on exact knowledge.
  var approximation: String?

  var isEqual: Bool { predictedTokens == deliveredTokens }
}

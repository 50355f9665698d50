/// One named part of a plan, as configuration declares it.
public protocol Plugin: Sendable {
  /// What configurations call the plugin's type.
  static var type: String { get }
}

/// Narrows the candidates of a request.
public protocol Filter: Plugin {
  /// Removes candidates from `kept`, which holds indices into the pool in ascending order and is
  /// not empty.
  func filter(_ kept: inout [Int], in context: inout SchedulingContext)
}

/// Judges the candidates of a request.
public protocol Scorer: Plugin {
  /// Writes a score for each of `kept` into `scores`, shape `[kept]`, which come as zeros.
  ///
  /// Scores are clamped to [0, 1] afterwards; a candidate of which nothing is known stays at 0.
  func score(_ kept: [Int], in context: borrowing SchedulingContext, into scores: inout [Double])
}

/// Chooses among scored candidates.
public protocol Picker: Plugin {
  /// How many to choose; at least 1.
  var maxNumOfEndpoints: Int { get }

  /// Indices of the chosen ones into `scores`, the best first; never empty where `scores` is not.
  ///
  /// - Parameter scores: Weighted sums, shape `[kept]`.
  func pick(_ scores: [Double], random: inout RandomStream) -> [Int]
}

extension Picker {
  /// How many to choose of so many.
  func pickCount(of candidates: Int) -> Int { min(max(maxNumOfEndpoints, 1), candidates) }
}

/// Says whether a request is worth dividing between who prefills and who decodes.
public protocol Decider: Plugin {
  /// - Parameter hit: What the endpoint that will decode holds of the prompt; nil when none has
  ///   been picked yet.
  func divides(_ request: SchedulingRequest, hit: PrefixHit?) -> Bool
}

/// Says which profiles run, and which one's target the request goes to.
public protocol ProfileHandler: Plugin {
  /// Runs the profiles of a request, one after the other, and puts their results together.
  func schedule(_ run: inout SchedulingRun) throws(SchedulingFailure) -> SchedulingResult

  /// What a plan lacks to be run by this handler, a sentence each.
  func faults(in plan: SchedulingPlan) -> [String]
}

/// A filter or scorer that learns from where requests went.
public protocol Learner: Plugin {
  /// Notes what its profile chose, in the context's memory.
  func learn(_ profile: SchedulingResult.Profile, in context: inout SchedulingContext)
}

/// A filter or scorer that reads what a producer says of prefixes.
public protocol PrefixReader: Plugin {
  /// The producer to read; nil for the default one.
  var prefixMatchInfoProducerName: String? { get }
}

/// One named part of a plan, as configuration declares it.
public protocol Plugin: Sendable {
  /// What configurations call the plugin's type.
  static var type: String { get }
}

/// Narrows the candidates of a request.
public protocol Filter: Plugin {
  /// Removes candidates from `kept`, which holds indices into the pool in ascending order.
  func filter(_ kept: inout [Int], in context: borrowing SchedulingContext)
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
  func pick(_ scores: [Double], memory: inout SchedulerMemory) -> [Int]
}

/// What is at hand while a profile runs.
public struct SchedulingContext: ~Copyable {
  public let request: SchedulingRequest
  public let pool: CandidatePool
  /// What earlier requests left behind, read only.
  public let memory: SchedulerMemory
  /// The producer that plugins without a name of their own read.
  public let defaultProducer: Int?
}

/// Says whether a request is worth dividing between who prefills and who decodes.
public protocol Decider: Plugin {
  /// - Parameter hit: What the endpoint that will decode holds of the prompt; nil when none has
  ///   been picked yet.
  func divides(_ request: SchedulingRequest, hit: PrefixHit?) -> Bool
}

/// Says which profiles run, and which one's target the request goes to.
public protocol ProfileHandler: Plugin {}

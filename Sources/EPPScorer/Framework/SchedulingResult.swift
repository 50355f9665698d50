/// Where a request goes.
public struct SchedulingResult: Equatable, Sendable {
  /// What one profile chose.
  public struct Profile: Equatable, Sendable {
    public var name: String
    /// Indices of candidates, the best first; never empty.
    public var targets: [Int]
    /// Weighted sums of all candidates that passed the filters.
    public var scores: [Score]
  }

  /// A candidate's weighted sum, and what each scorer of the profile gave before its weight.
  public struct Score: Equatable, Sendable {
    public var candidate: Int
    public var total: Double
    /// In the order of the profile's scorers.
    public var parts: [Double]
  }

  /// The profile whose targets the request goes to.
  public var primary: Profile
  /// Others that ran, such as `prefill` and `encode`, in the order in which they ran.
  public var others: [Profile]
  /// What the request was divided into: `decode-only`, `prefill-decode`, …; nil for other handlers.
  public var decision: String?
  /// To set on the request, besides the destination.
  public var headers: [Header]
  /// Replaces the port of the primary target, where a sidecar there dispatches to the rank.
  public var destinationPort: UInt16?

  /// A header of the request.
  public struct Header: Equatable, Sendable {
    public var name: String
    public var value: String

    /// A header.
    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }
}

/// Why a request goes nowhere.
public enum SchedulingFailure: Error, Equatable, Sendable {
  /// There were no candidates to begin with.
  case noEndpoints
  /// A profile's filters left none.
  case filteredOut(profile: String, filter: String)
  /// Anything else, in a clause.
  case refused(String)
}

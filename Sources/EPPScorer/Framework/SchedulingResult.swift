/// Where a request goes.
public struct SchedulingResult: Equatable, Sendable {
  /// What one profile chose.
  public struct Profile: Equatable, Sendable {
    public var name: String
    /// Indices of candidates, the best first; never empty.
    public var targets: [Int]
    /// Weighted sums of all candidates that passed the filters.
    public var scores: ProfileScores
  }

  /// The profile whose targets the request goes to.
  public var primary: Profile
  /// Others that ran, such as `prefill` and `encode`, in the order in which they ran.
  public var others: [Profile]
  /// Why profiles found nobody that the request can do without.
  public var setbacks: [SchedulingFailure] = []
  /// What the request was divided into: `decode-only`, `prefill-decode`, …; nil for other handlers.
  public var decision: String?
  /// To set on the request, besides the destination.
  public var headers: [Header]
  /// To set on the response: what the client sends along next time to come back here.
  public var responseHeaders: [Header] = []
  /// Replaces the ports of the primary targets, where a sidecar there dispatches to the rank.
  public var destinationPort: UInt16?

  /// A header of the request or the response; its name is in lower case.
  public struct Header: Equatable, Sendable {
    public var name: String
    public var value: String

    /// A header.
    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// A result.
  public init(
    primary: Profile, others: [Profile] = [], decision: String? = nil, headers: [Header] = [],
    destinationPort: UInt16? = nil
  ) {
    self.primary = primary
    self.others = others
    self.decision = decision
    self.headers = headers
    self.destinationPort = destinationPort
  }

  /// What the profile of that name chose; nil when it did not run or found nobody.
  public func profile(named name: String) -> Profile? {
    primary.name == name ? primary : others.first { $0.name == name }
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

/// A bound on one measure of an endpoint's load.
public struct UtilizationCondition: Equatable, Sendable {
  public enum Metric: String, CaseIterable, Sendable {
    case activeRequests = "active-requests"
    case runningRequests = "running-requests"
    case waitingQueue = "waiting-queue"
    case cacheUtilization = "kv-cache-utilization"
  }

  public var metric: Metric
  /// Inclusive; not negative.
  public var maxValue: Double

  /// A condition.
  public init(metric: Metric, maxValue: Double) {
    self.metric = metric
    self.maxValue = maxValue
  }

  /// Whether a candidate's measure is within the bound, or not known.
  func holds(for candidate: Candidate) -> Bool {
    let value: Double? =
      switch metric {
      case .activeRequests: Double(candidate.inFlight.requests)
      case .runningRequests: candidate.load.runningRequests.map { Double($0) }
      case .waitingQueue: candidate.load.waitingRequests.map { Double($0) }
      case .cacheUtilization: candidate.load.cacheUsage
      }
    return value.map { $0 <= maxValue } ?? true
  }
}

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
}

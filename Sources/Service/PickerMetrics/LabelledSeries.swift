/// Values of labels that come from outside, and so from no closed set.
package protocol LabelSet: Hashable, Sendable {
  /// In the order of the exposition; the names are the same for all.
  var labels: MetricsText.Labels { get }
  /// Stands for all that found no place.
  static var other: Self { get }
}

/// One metric, or a row of them, for every set of labels that occurred.
///
/// The number of sets is limited, because clients choose model names: what comes after is counted
/// under `other`. A row is looked up once, and its metrics are plain atomics from then on.
package final class LabelledSeries<Labels: LabelSet, Metric: Sendable>: @unchecked Sendable {
  private let setsMax: Int
  private let make: @Sendable () -> Metric
  /// How often a set of labels found no place.
  package let overflows = Counter()
  private let lock = Lock()
  /// Under the lock.
  private var metrics: [Labels: Metric] = [:]

  package init(setsMax: Int = 1000, _ make: @escaping @Sendable () -> Metric) {
    self.setsMax = setsMax
    self.make = make
  }

  package subscript(labels: Labels) -> Metric {
    lock.withLock {
      if let metric = metrics[labels] { return metric }
      guard metrics.count < setsMax else {
        overflows.add()
        return metric(forNew: .other)
      }
      return metric(forNew: labels)
    }
  }

  private func metric(forNew labels: Labels) -> Metric {
    if let metric = metrics[labels] { return metric }
    let metric = make()
    metrics[labels] = metric
    return metric
  }

  /// Every set of labels with its metric.
  package var all: [(labels: Labels, metric: Metric)] {
    lock.withLock { metrics.map { ($0.key, $0.value) } }
  }
}

extension LabelSet {
  /// What clients choose is cut off somewhere, or one of them fills the exposition with a name.
  static func bounded(_ value: String) -> String {
    value.utf8.count <= 256 ? value : "other"
  }
}

extension MetricsText {
  package mutating func add<Labels: LabelSet>(
    _ name: String, help: String, _ counters: LabelledSeries<Labels, Counter>
  ) {
    add(
      name, .counter, help: help,
      counters.all.map { (labels: $0.labels.labels, value: Double($0.metric.value)) })
  }

  package mutating func add<Labels: LabelSet>(
    _ name: String, help: String, _ histograms: LabelledSeries<Labels, Histogram>
  ) {
    add(
      name, help: help,
      histograms.all.map { (labels: $0.labels.labels, snapshot: $0.metric.snapshot()) })
  }
}

/// A label whose values are a closed set: the cases of an enumeration.
package protocol MetricLabel: CaseIterable, Hashable, RawRepresentable, Sendable
where RawValue == String {
  /// The label's name in the exposition.
  static var labelName: String { get }
}

/// One metric for every value of a label, all there from the start.
package final class Labelled<Label: MetricLabel, Metric: Sendable>: Sendable {
  private let metrics: [Label: Metric]

  /// Makes one metric a value.
  package init(_ make: () -> Metric) {
    metrics = Dictionary(uniqueKeysWithValues: Label.allCases.map { ($0, make()) })
  }

  package subscript(label: Label) -> Metric {
    guard let metric = metrics[label] else {
      preconditionFailure("\(label) is not among the cases of \(Label.self)")
    }
    return metric
  }

  /// Every value of the label with its metric.
  var all: [(value: String, metric: Metric)] {
    metrics.map { ($0.key.rawValue, $0.value) }
  }
}

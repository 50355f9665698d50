/// Sets what engines delivered against what was predicted, by precise and by approximate knowledge,
/// whichever of them requests were routed by.
package final class ShadowComparison: Sendable {
  /// What requests are routed by.
  package enum Routing: String, Sendable { case precise, approximate }

  /// What became of predictions by the kind of knowledge that requests are not routed by, where they
  /// have to be made beside the route.
  enum Beside: String, MetricLabel {
    /// There before the response began.
    case ready
    /// After that: not counted, for the engine may have changed what it is about.
    case late
    /// Never made: the prompt's tokens could not be had.
    case unavailable
    static let labelName = "outcome"
  }

  /// The figures of one endpoint for one model.
  package struct Row: Sendable {
    package var model: String
    package var endpoint: String
    package var figures: ShadowFigures
  }

  /// Everything, at one moment.
  package struct Snapshot: Sendable {
    package var total = ShadowFigures()
    /// By model and endpoint.
    package var rows: [Row] = []
    /// Wrong predictions that requests were routed by; causes that did not occur are left out.
    package var causes: [ErrorCause: Int] = [:]
  }

  /// Sets of labels that are told apart.
  private static let rowsMax = 4096

  /// When counting began, in seconds since 1970.
  package let since = WallClock.seconds()
  package let routing: Routing
  let predictions = LabelledSeries<PredictionLabels, PredictionRow>(setsMax: rowsMax) {
    PredictionRow()
  }
  let shadows = LabelledSeries<ShadowLabels, ShadowRow>(setsMax: rowsMax) { ShadowRow() }
  let beside = Labelled<Beside, Counter> { Counter() }

  init(routing: Routing) { self.routing = routing }

  /// Counts a decision whose delivery was told.
  func add(_ decision: Decision) {
    guard let target = decision.target, let delivery = decision.delivery else { return }
    let figures = ShadowFigures(decision, delivery)
    predictions[PredictionLabels(endpoint: target.endpoint)].add(
      delivery, predicted: Int(target.predictedTokens), promptTokens: figures.promptTokens)
    shadows[ShadowLabels(model: decision.model, endpoint: target.endpoint)].add(figures)
  }

  /// Counts why a prediction was wrong.
  func add(_ cause: ErrorCause, on endpoint: String) {
    predictions[PredictionLabels(endpoint: endpoint)].causes[cause].add()
  }

  package func snapshot() -> Snapshot {
    var snapshot = Snapshot()
    for (labels, row) in shadows.all {
      let figures = row.figures
      snapshot.total += figures
      snapshot.rows.append(
        Row(model: labels.model, endpoint: labels.endpoint, figures: figures))
    }
    snapshot.rows.sort { ($0.model, $0.endpoint) < ($1.model, $1.endpoint) }
    for (_, row) in predictions.all {
      for cause in ErrorCause.allCases where row.causes[cause].value > 0 {
        snapshot.causes[cause, default: 0] += row.causes[cause].value
      }
    }
    return snapshot
  }
}

/// A model and an endpoint, as predictions are compared by them.
struct ShadowLabels: LabelSet {
  var model: String
  var endpoint: String

  init(model: String, endpoint: String) {
    self.model = Self.bounded(model)
    self.endpoint = endpoint
  }

  static var other: ShadowLabels { ShadowLabels(model: "other", endpoint: "other") }

  var labels: MetricsText.Labels {
    [(name: "model", value: model), (name: "endpoint", value: endpoint)]
  }
}

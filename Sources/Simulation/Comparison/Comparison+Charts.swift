extension Comparison {
  /// A chart and the name of its file.
  package struct Chart: Sendable {
    package var name: String
    package var title: String
    package var svg: String
  }

  /// The charts that the comparison has something to show in.
  package var charts: [Chart] {
    var charts = [ladderChart]
    guard stresses.count > 1 else { return charts }
    charts.append(
      chart("hits", "Hits under stress", unit: "blocks reused, %") { cell in
        (100 * cell.hitRatio.mean, 100 * cell.hitRatio.deviation)
      })
    charts.append(
      chart("errors", "Prediction error under stress", unit: "|predicted − delivered|, % of blocks")
      { cell in cell.predictionError.map { (100 * $0.mean, 100 * $0.deviation) } })
    charts.append(
      chart("ttft", "Time to first token under stress", unit: "mean, seconds") { cell in
        (cell.firstTokenMean.mean, cell.firstTokenMean.deviation)
      })
    return charts
  }

  private var ladderChart: Chart {
    let chart = BarChart(
      title: "The ladder: \(parameters.source)", unit: "blocks reused, %",
      bars: ladder.map { rung in
        BarChart.Bar(
          label: rung.name, value: 100 * rung.hitRatio.mean,
          deviation: 100 * rung.hitRatio.deviation, kind: rung.cell?.policy.kind ?? "k5")
      })
    return Chart(name: "ladder", title: chart.title, svg: chart.svg)
  }

  private func chart(
    _ name: String, _ title: String, unit: String,
    _ value: (Cell) -> (value: Double, deviation: Double)?
  ) -> Chart {
    let series = policies.filter { $0 != .infinite }.compactMap { policy -> DotChart.Series? in
      let values = stresses.map { stress in cell(policy, under: stress).flatMap(value) }
      guard values.contains(where: { $0 != nil }) else { return nil }
      return DotChart.Series(
        name: policy.rawValue, kind: policy.kind, shape: policy.shape, values: values)
    }
    let chart = DotChart(
      title: "\(title): \(parameters.source)", unit: unit, rows: stresses.map(\.rawValue),
      series: series)
    return Chart(name: name, title: title, svg: chart.svg)
  }
}

extension RoutingPolicy {
  /// The class of its colour.
  fileprivate var kind: String {
    switch self {
    case .oracle, .infinite: "k0"
    case .precise: "k1"
    case .preciseOnly: "k2"
    case .approximate: "k3"
    case .load: "k4"
    case .roundRobin: "k5"
    }
  }

  fileprivate var shape: DotChart.Shape {
    switch self {
    case .oracle, .infinite: .diamond
    case .precise: .disc
    case .preciseOnly: .ring
    case .approximate: .square
    case .load: .triangle
    case .roundRobin: .cross
    }
  }
}

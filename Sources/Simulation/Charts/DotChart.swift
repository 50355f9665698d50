/// A row for each case, and in it a dot for each series.
struct DotChart {
  struct Series {
    var name: String
    /// The class of the colour.
    var kind: String
    var shape: Shape
    /// One a row; nil where there is nothing to show.
    var values: [(value: Double, deviation: Double)?]
  }

  /// What dots look like: colours alone are not for everybody.
  enum Shape { case disc, square, diamond, triangle, ring, cross }

  var title: String
  var unit: String
  var rows: [String]
  var series: [Series]

  private static let left = 170.0
  private static let rowHeight = 26.0

  /// The chart as an SVG document.
  var svg: String {
    let legendRows = Double((series.count + 3) / 4)
    let top = 30 + 18 * legendRows
    let bottom = top + Self.rowHeight * Double(rows.count)
    let values = series.flatMap { $0.values.compactMap { $0 } }
    let scale = ChartScale(
      highest: values.reduce(0) { max($0, $1.value + $1.deviation) }, left: Self.left,
      right: ChartStyle.width - 30)
    return ChartStyle.chart(height: bottom + 24, title: title) { markup in
      legend(into: &markup)
      ChartStyle.text(unit, x: Self.left, y: top - 10, kind: "faint", into: &markup)
      scale.grid(from: top - 4, to: bottom, into: &markup)
      for (index, row) in rows.enumerated() {
        let y = top + Self.rowHeight * (Double(index) + 0.5)
        ChartStyle.text(row, x: Self.left - 10, y: y + 4, anchor: "end", into: &markup)
        draw(row: index, y: y, scale, into: &markup)
      }
    }
  }

  private func legend(into markup: inout Markup) {
    for (index, series) in series.enumerated() {
      let x = 20 + 185 * Double(index % 4)
      let y = 14 + 18 * Double(index / 4)
      dot(series, x: x, y: y, into: &markup)
      ChartStyle.text(series.name, x: x + 12, y: y + 4, into: &markup)
    }
  }

  private func draw(row: Int, y: Double, _ scale: ChartScale, into markup: inout Markup) {
    for series in series {
      guard let point = series.values[row] else { continue }
      let (low, high) = (
        scale.x(point.value - point.deviation), scale.x(point.value + point.deviation)
      )
      if high - low > 6 { ChartStyle.line(low, y, high, y, kind: "whisker", into: &markup) }
      dot(series, x: scale.x(point.value), y: y, into: &markup)
    }
  }

  private func dot(_ series: Series, x: Double, y: Double, into markup: inout Markup) {
    func path(_ steps: String, hollow: Bool = false) {
      markup.empty(
        "path",
        [
          ("d", "M\(ChartStyle.number(x)) \(ChartStyle.number(y))\(steps)"),
          ("class", series.kind + (hollow ? " hollow" : "")),
        ])
    }
    switch series.shape {
    case .square: path("m-4.5 -4.5h9v9h-9z")
    case .diamond: path("m0 -6l6 6l-6 6l-6 -6z")
    case .triangle: path("m0 -5.5l5.5 10h-11z")
    case .cross: path("m-4.5 -4.5l9 9m0 -9l-9 9", hollow: true)
    case .disc: path("m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z")
    case .ring: path("m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z", hollow: true)
    }
  }
}

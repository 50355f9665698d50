/// Bars from left to right, one below the other, with a whisker for the spread of each.
struct BarChart {
  struct Bar {
    var label: String
    var value: Double
    var deviation: Double
    /// The class of the colour.
    var kind: String
  }

  var title: String
  /// What the numbers are.
  var unit: String
  var bars: [Bar]

  /// The chart as an SVG document.
  var svg: String {
    let (rowHeight, left, right) = (28.0, 190.0, ChartStyle.width - 70)
    let bottom = 30 + rowHeight * Double(bars.count)
    let scale = ChartScale(
      highest: bars.reduce(0) { max($0, $1.value + $1.deviation) }, left: left, right: right)
    return ChartStyle.chart(height: bottom + 24, title: title) { markup in
      ChartStyle.text(unit, x: left, y: 16, kind: "faint", into: &markup)
      scale.grid(from: 24, to: bottom, into: &markup)
      for (index, bar) in bars.enumerated() {
        let top = 30 + rowHeight * Double(index)
        ChartStyle.text(bar.label, x: left - 8, y: top + 15, anchor: "end", into: &markup)
        draw(bar, top: top, scale, into: &markup)
      }
    }
  }

  private func draw(_ bar: Bar, top: Double, _ scale: ChartScale, into markup: inout Markup) {
    let width = max(scale.x(bar.value) - scale.left, 0)
    markup.empty(
      "rect",
      [
        ("x", ChartStyle.number(scale.left)), ("y", ChartStyle.number(top + 2)),
        ("width", ChartStyle.number(width)), ("height", "18"), ("class", bar.kind),
      ])
    let (low, high) = (
      scale.x(bar.value - bar.deviation), scale.x(bar.value + bar.deviation)
    )
    if high - low > 1 {
      ChartStyle.line(low, top + 11, high, top + 11, kind: "whisker", into: &markup)
    }
    ChartStyle.text(
      ComparisonText.decimals(bar.value, 1), x: high + 6, y: top + 15, into: &markup)
  }
}

/// How charts look, in light and in dark.
enum ChartStyle {
  /// Rules for the classes that charts use; a chart carries them, so that it can stand alone.
  static let rules = """
    .chart{font:12px system-ui,sans-serif;--ink:#1f2328;--faint:#656d76;--line:#d8dee4;\
    --c0:#57606a;--c1:#0969da;--c2:#8250df;--c3:#bc4c00;--c4:#1a7f37;--c5:#8c959f}\
    @media(prefers-color-scheme:dark){.chart{--ink:#e6edf3;--faint:#9198a1;--line:#30363d;\
    --c0:#b1bac4;--c1:#58a6ff;--c2:#bc8cff;--c3:#f0883e;--c4:#3fb950;--c5:#6e7681}}\
    .chart text{fill:var(--ink)}.chart .faint{fill:var(--faint)}\
    .chart .grid{stroke:var(--line)}.chart .whisker{stroke:var(--ink);stroke-width:1.5}\
    .chart .k0{fill:var(--c0);stroke:var(--c0)}.chart .k1{fill:var(--c1);stroke:var(--c1)}\
    .chart .k2{fill:var(--c2);stroke:var(--c2)}.chart .k3{fill:var(--c3);stroke:var(--c3)}\
    .chart .k4{fill:var(--c4);stroke:var(--c4)}.chart .k5{fill:var(--c5);stroke:var(--c5)}\
    .chart .hollow{fill:none;stroke-width:2}
    """

  static let width = 760.0

  /// Writes a chart with its title, which readers without eyes get too.
  static func chart(
    height: Double, title: String, _ body: (inout Markup) -> Void
  ) -> String {
    var markup = Markup()
    let size = "\(number(width)) \(number(height))"
    let attributes = [
      ("xmlns", "http://www.w3.org/2000/svg"), ("class", "chart"), ("viewBox", "0 0 \(size)"),
      ("role", "img"), ("aria-label", title),
    ]
    markup.element("svg", attributes) { markup in
      markup.element("title", text: title)
      markup.element("style") { $0.raw(rules) }
      body(&markup)
    }
    return markup.text
  }

  /// A coordinate: one decimal is a tenth of a pixel.
  static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0
      ? "\(tenths / 10)"
      : "\(tenths < 0 && tenths > -10 ? "-" : "")\(tenths / 10).\(abs(tenths % 10))"
  }

  /// Writes a line of text.
  static func text(
    _ text: String, x: Double, y: Double, anchor: String = "start", kind: String? = nil,
    into markup: inout Markup
  ) {
    var attributes = [("x", number(x)), ("y", number(y)), ("text-anchor", anchor)]
    if let kind { attributes.append(("class", kind)) }
    markup.element("text", attributes, text: text)
  }

  /// Writes a straight line.
  static func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, kind: String,
    into markup: inout Markup
  ) {
    markup.empty(
      "line",
      [
        ("x1", number(x1)), ("y1", number(y1)), ("x2", number(x2)), ("y2", number(y2)),
        ("class", kind),
      ])
  }
}

/// The scale of a chart's values: from 0 to a round number.
struct ChartScale {
  let left: Double
  let right: Double
  let most: Double
  let step: Double

  /// A scale that reaches `highest`, with four to eight steps.
  init(highest: Double, left: Double, right: Double) {
    (self.left, self.right) = (left, right)
    let wanted = highest > 0 && highest.isFinite ? highest : 1
    var step = 1.0
    while step * 5 < wanted { step *= 10 }
    while step * 0.5 > wanted { step /= 10 }
    for factor in [0.1, 0.2, 0.5, 1] where wanted / (step * factor) <= 8 {
      step *= factor
      break
    }
    self.step = step
    most = (wanted / step).rounded(.up) * step
  }

  func x(_ value: Double) -> Double { left + (right - left) * min(max(value / most, 0), 1) }

  /// Writes lines for round values, and their labels below.
  func grid(from top: Double, to bottom: Double, into markup: inout Markup) {
    let decimals = step >= 1 ? 0 : step >= 0.1 ? 1 : 2
    var index = 0.0
    while index * step <= most * 1.0001 {
      let x = x(index * step)
      ChartStyle.line(x, top, x, bottom, kind: "grid", into: &markup)
      ChartStyle.text(
        ComparisonText.decimals(index * step, decimals), x: x, y: bottom + 15, anchor: "middle",
        kind: "faint", into: &markup)
      index += 1
    }
  }
}

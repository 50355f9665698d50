/// A comparison as one page that needs nothing else: text, tables, charts, and the numbers.
package struct ComparisonPage {
  private let comparison: Comparison

  /// The page of a comparison.
  package init(_ comparison: Comparison) { self.comparison = comparison }

  private static let style = """
    :root{color-scheme:light dark;--ink:#1f2328;--faint:#656d76;--line:#d8dee4;--paper:#fff}\
    @media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--faint:#9198a1;--line:#30363d;\
    --paper:#0d1117}}\
    body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);\
    max-width:800px;margin:2rem auto;padding:0 1rem}\
    h1{font-size:1.6rem;margin-bottom:.2rem}h2{font-size:1.2rem;margin-top:2.5rem}\
    p.sub,figcaption,.note{color:var(--faint)}figure{margin:1rem 0}svg{width:100%;height:auto}\
    .wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}\
    th,td{padding:.25rem .6rem;text-align:right;border-bottom:1px solid var(--line);\
    white-space:nowrap}tbody td:first-child{white-space:normal;min-width:9rem}th:first-child,td:first-child,td.text{text-align:left}\
    pre{overflow:auto;max-height:24rem;font-size:12px}
    """

  /// The document.
  package var html: String {
    var markup = Markup()
    markup.raw("<!DOCTYPE html>\n")
    markup.element("html", [("lang", "en")]) { markup in
      markup.element("head") { markup in
        markup.empty("meta", [("charset", "utf-8")])
        markup.empty(
          "meta", [("name", "viewport"), ("content", "width=device-width, initial-scale=1")])
        markup.element("title", text: "Routing compared: \(comparison.parameters.source)")
        markup.element("style") { $0.raw(Self.style) }
      }
      markup.element("body") { body(into: &$0) }
    }
    return markup.text + "\n"
  }

  private func body(into markup: inout Markup) {
    let parameters = comparison.parameters
    markup.element("h1", text: "Routing compared")
    markup.element(
      "p", [("class", "sub")],
      text:
        "\(parameters.source): \(parameters.requests) requests in \(Int(parameters.seconds)) s, "
        + "\(parameters.blocks) blocks of \(parameters.blockTokens) tokens, "
        + "\(parameters.distinctBlocks) of them distinct; \(parameters.engines) engines of "
        + "\(parameters.capacityBlocks) blocks; \(parameters.seeds) seeds.")
    let charts = comparison.charts
    markup.element("h2", text: "The ladder")
    figure(charts[0], into: &markup)
    ladderTable(into: &markup)
    if comparison.stresses.count > 1 {
      markup.element("h2", text: "When something goes wrong")
      for chart in charts.dropFirst() { figure(chart, into: &markup) }
      stressTable(into: &markup)
    }
    markup.element("h2", text: "What was simulated")
    model(into: &markup)
    markup.element("details") { markup in
      markup.element("summary", text: "The numbers, as JSON")
      markup.element("pre", text: String(decoding: comparison.json, as: UTF8.self))
    }
  }

  private func figure(_ chart: Comparison.Chart, into markup: inout Markup) {
    markup.element("figure") { markup in
      markup.raw(chart.svg)
      markup.element("figcaption", text: chart.title)
    }
  }

  // MARK: Tables

  private func ladderTable(into markup: inout Markup) {
    let heading = ["", "hits %", "±", "error %", "imbalance", "TTFT mean s", "p50", "p90", "p99"]
    let rows = comparison.ladder.map { rung -> [String] in
      let cell = rung.cell
      let times = [
        cell?.firstTokenMean, cell?.firstTokenP50, cell?.firstTokenP90, cell?.firstTokenP99,
      ]
      return [
        rung.name, ComparisonText.percent(rung.hitRatio.mean),
        ComparisonText.percent(rung.hitRatio.deviation, decimals: 2),
        cell?.predictionError.map { ComparisonText.percent($0.mean, decimals: 2) } ?? "–",
        cell.map { ComparisonText.decimals($0.imbalance.mean, 2) } ?? "–",
      ] + times.map { $0.map { ComparisonText.decimals($0.mean, 3) } ?? "–" }
    }
    table(heading, rows, into: &markup)
  }

  private func stressTable(into markup: inout Markup) {
    let rows = comparison.stresses.map { stress -> [String] in
      [stress.summary]
        + comparison.policies.map { policy in
          guard let cell = comparison.cell(policy, under: stress) else { return "–" }
          let hits = ComparisonText.percent(cell.hitRatio.mean)
          return hits
            + (cell.predictionError.map { " (\(ComparisonText.percent($0.mean, decimals: 2)))" }
              ?? "")
        }
    }
    table(
      ["hits % (prediction error %)"] + comparison.policies.map(\.rawValue), rows, into: &markup)
  }

  private func table(_ heading: [String], _ rows: [[String]], into markup: inout Markup) {
    markup.element("div", [("class", "wide")]) { markup in
      markup.element("table") { markup in
        markup.element("thead") { markup in
          markup.element("tr") { markup in
            for cell in heading { markup.element("th", text: cell) }
          }
        }
        markup.element("tbody") { markup in
          for row in rows {
            markup.element("tr") { markup in
              for cell in row { markup.element("td", text: cell) }
            }
          }
        }
      }
    }
  }

  // MARK: The model

  private func model(into markup: inout Markup) {
    let parameters = comparison.parameters
    let times = parameters.times
    let sentences = [
      "Engines evict as vLLM does, block by block of the trace; a prompt's last block counts as one "
        + "although it may not be full. Each computes one prompt at a time, first come first "
        + "served, \(times.prefillTokensPerSecond) tokens a second; requests hold their blocks "
        + "until their last token, \(times.tokenNanoseconds / 1_000_000) ms a token.",
      "Routers run the scheduler, the index, the reservations and the approximation of epp; the "
        + "plan is \(parameters.plan). Events come "
        + "\(ComparisonText.decimals(parameters.eventDelaySeconds * 1000, 0)) ms late.",
      "Left out: steps and their chunks, blocks that decoding fills, preemption, slower decoding "
        + "under load, tiers below the first. So times to first token compare policies, and "
        + "predict no deployment's.",
      "Hits are not all: a policy that crowds requests where their prefix is may hit more and "
        + "answer later.",
    ]
    for sentence in sentences { markup.element("p", text: sentence) }
    markup.element("ul") { markup in
      for policy in comparison.policies {
        markup.element("li", text: "\(policy.rawValue): \(policy.summary)")
      }
    }
  }
}

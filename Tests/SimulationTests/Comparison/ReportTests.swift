import Foundation
import Testing
import Tokenize

@testable import Simulation

@Suite struct ReportTests {
  private static let comparison: Comparison = {
    var trace = SmallFleet.trace(seed: 1, requests: 200)
    trace.name = "a <trace> & \"more\""
    let study = Study(
      .trace(trace), fleet: SmallFleet.scenario, policies: [.precise, .approximate, .load],
      stresses: [.routers2], planName: "cost", plan: RoutingPlan.cost.plan, seeds: 2)
    return study.comparison(study.runs.map { study.summary(of: $0) })
  }()

  /// Whether the text is well-formed XML: every element is closed where it has to be.
  private func isWellFormed(_ text: String) -> Bool {
    let parser = XMLTags(text)
    return parser.isBalanced
  }

  @Test func `The page is well-formed and needs nothing from elsewhere`() {
    let html = ComparisonPage(Self.comparison).html
    #expect(html.hasPrefix("<!DOCTYPE html>\n<html"))
    #expect(isWellFormed(String(html.dropFirst("<!DOCTYPE html>\n".count))))
    for word in ["src=", "href=", "url(", "@import", "<script"] { #expect(!html.contains(word)) }
    let addresses = html.components(separatedBy: "http").count - 1
    #expect(addresses == html.components(separatedBy: "http://www.w3.org/2000/svg").count - 1)
    #expect(html.contains("a &lt;trace&gt; &amp; &quot;more&quot;"))
    #expect(html.contains("prefers-color-scheme:dark"))
  }

  @Test func `Every chart is a document of its own`() {
    let charts = Self.comparison.charts
    #expect(charts.map(\.name) == ["ladder", "hits", "errors", "ttft"])
    for chart in charts {
      #expect(isWellFormed(chart.svg))
      #expect(chart.svg.contains("aria-label=") && !chart.svg.contains("nan"))
    }
  }

  @Test func `The JSON has every cell and reads back`() throws {
    let json = Self.comparison.json
    let root = try #require(
      try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
    let cells = try #require(root["cells"] as? [[String: Any]])
    #expect(cells.count == 6)
    let first = try #require(cells.first)
    #expect(first["stress"] as? String == "base" && first["policy"] as? String == "precise")
    let hits = try #require(first["hit_ratio"] as? [String: Double])
    // The reader of numbers rounds the last digits.
    #expect(abs((hits["mean"] ?? 0) - Self.comparison.cells[0].hitRatio.mean) < 1e-12)
    #expect(cells[2]["prediction_error"] is NSNull)
    #expect((root["ladder"] as? [Any])?.count == 5)
  }

  @Test func `The text lines up and says what counts`() {
    let text = ComparisonText(Self.comparison).text
    let lines = text.split(separator: "\n").map(String.init)
    #expect(text.contains("the last one of a prompt too"))
    let ladder = lines.filter { $0.hasPrefix("precise") || $0.hasPrefix("approximate") }
    #expect(Set(ladder.map(\.count)).count == 1)
    #expect(lines.contains { $0.hasPrefix("routers-2") && $0.hasSuffix("2 routers") })
  }

  @Test func `Numbers keep their zeros`() {
    #expect(
      ComparisonText.decimals(1.005, 2) == "1.01" || ComparisonText.decimals(1.005, 2) == "1.00")
    #expect(ComparisonText.decimals(2, 3) == "2.000")
    #expect(ComparisonText.decimals(0.04, 1) == "0.0")
    #expect(ComparisonText.decimals(-0.04, 1) == "0.0")
    #expect(ComparisonText.decimals(-1.26, 1) == "-1.3")
    #expect(ComparisonText.decimals(.nan, 1) == "–")
    #expect(ComparisonText.percent(0.3664) == "36.6")
  }

  @Test(arguments: [0.0, 0.003, 0.7, 1, 8.5, 36.6, 99, 250, 1234])
  func `A scale reaches its highest value in few round steps`(highest: Double) {
    let scale = ChartScale(highest: highest, left: 0, right: 100)
    #expect(scale.most >= highest * 0.999_999)
    #expect((1...10).contains((scale.most / scale.step).rounded()))
    #expect(scale.x(0) == 0 && scale.x(scale.most) == 100)
  }
}

/// The tags of a text in XML's syntax.
private struct XMLTags {
  let isBalanced: Bool

  init(_ text: String) {
    var open: [Substring] = []
    var rest = text[...]
    var isSound = true
    while let start = rest.firstIndex(of: "<"), let end = rest[start...].firstIndex(of: ">") {
      let tag = rest[rest.index(after: start)..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("/") {
        isSound = isSound && open.popLast() == tag.dropFirst()
      } else if !tag.hasSuffix("/") {
        open.append(tag.prefix { $0 != " " })
      }
    }
    isBalanced = isSound && open.isEmpty && !rest.contains("<")
  }
}

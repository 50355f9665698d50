import EPPScorer
import Foundation
import Testing
import Tokenize

@testable import Service

/// The dashboard and the alerts of `deploy/`, against what `epp` and its index really expose.
@Suite(.serialized) struct DeployFilesTests {
  /// An expression, where it stands, and what else refers to its labels.
  private struct Expression {
    var place: String
    var text: String
    var query: PromQL
    var shownLabels: [String]
  }

  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appending(path: "../../../deploy").standardized

  private static func load(_ path: String) throws -> YAMLNode {
    try YAMLNode.load(folder.appending(path: path).path)
  }

  // MARK: Files

  private static func panels() throws -> [Expression] {
    let panels = try load("grafana/kv-indexer.json")["panels"].list
    return try panels.flatMap { panel in
      try (panel["targets"].list).map { target in
        Expression(
          place: panel["title"].text, text: target["expr"].text,
          query: try PromQL(target["expr"].text),
          shownLabels: labels(in: target["legendFormat"].text, after: "{{", before: "}}"))
      }
    }
  }

  private static func alerts() throws -> [Expression] {
    try load("prometheus/alerts.yml")["groups"].list.flatMap { group in
      try group["rules"].list.map { rule in
        let annotations =
          rule["annotations"]["summary"].text
          + rule["annotations"]["description"].text
        return Expression(
          place: rule["alert"].text, text: rule["expr"].text,
          query: try PromQL(rule["expr"].text),
          shownLabels: labels(in: annotations, after: "{{ $labels.", before: " }}"))
      }
    }
  }

  private static func labels(in text: String, after start: String, before end: String) -> [String] {
    text.components(separatedBy: start).dropFirst().compactMap {
      $0.components(separatedBy: end).first
    }
  }

  // MARK: Pages

  /// Everything that a picker exposes after a few requests, traces included.
  private static func exposed() throws -> ExposedMetrics {
    let collector = try Collector()
    defer { collector.stop() }
    let servers = try RenderedFleet.servers(1)
    defer { withExtendedLifetime(servers) {} }
    let plan = Plans.precise(
      producer: Plans.speculative,
      more: ["{type: approx-prefix-cache-producer}", "{type: queue-scorer}"])
    var tracing = try #require(TracingSettings(url: collector.url))
    tracing.share = 1
    let harness = try PickerHarness(
      [RenderedFleet.entry(0, servers[0])], plan, readsEngines: true
    ) { $0.tracing = tracing }
    var engine = try HTTPClient(.url(servers[0].url))
    let body = #"{"model": "simulated", "prompt": \#(Array(1...64)), "max_tokens": 1}"#
    _ = try engine.post("/v1/completions", body: Array(body.utf8))
    try harness.route(#"{"model": "simulated", "prompt": [1, 2, 3]}"#)
      .complete(usage: TokenUsage(promptTokens: 3, completionTokens: 1, cachedTokens: 2))
    return try Deadline.wait {
      let page = try harness.metricsPage().text
      // The engine's size and the renderer's state come when both were asked.
      guard page.contains("\nkvindexer_engine_cache_blocks{"),
        page.contains("\nkvindexer_renderer_status{"),
        page.contains("\nkvindexer_resident_blocks{"),
        page.contains("\nkvindexer_prediction_errors_total{")
      else { return nil }
      var exposed = ExposedMetrics()
      exposed.add(page)
      return exposed
    }
  }

  @Test func `every metric, label and value that they name is exposed`() throws {
    let exposed = try Self.exposed()
    let (panels, alerts) = (try Self.panels(), try Self.alerts())
    #expect(panels.count > 30 && alerts.count > 8)
    for expression in panels + alerts {
      let place = "\(expression.place): \(expression.text)"
      // Prometheus itself adds these, and functions may.
      var known: Set = ["instance", "job"]
      if expression.query.functions.contains("label_replace") { known.insert("endpoint") }
      for selector in expression.query.selectors {
        guard let labels = exposed.series[selector.name] else {
          Issue.record("\(place): there is no \(selector.name)")
          continue
        }
        known.formUnion(labels.keys)
        for matcher in selector.matchers {
          let values = labels[matcher.label]
          #expect(values != nil, "\(place): \(selector.name) has no label \(matcher.label)")
          for value in matcher.values {
            #expect(
              values?.contains(value) == true, "\(place): no \(matcher.label) is '\(value)'")
          }
        }
      }
      for label in expression.query.labels + expression.shownLabels {
        #expect(known.contains(label), "\(place): no series has the label \(label)")
      }
    }
  }

  @Test func `alerts show only labels that their expression keeps`() throws {
    for alert in try Self.alerts() {
      for label in alert.shownLabels {
        let isKept = alert.query.labels.contains(label) || !alert.text.contains("by (")
        #expect(isKept, "\(alert.place): \(label)")
      }
    }
  }

  @Test func `each alert says what to do, and is listed in the README`() throws {
    let readme = try String(contentsOf: Self.folder.appending(path: "README.md"), encoding: .utf8)
    for group in try Self.load("prometheus/alerts.yml")["groups"].list {
      for rule in group["rules"].list {
        let name = rule["alert"].text
        #expect(readme.contains("`\(name)`"), "\(name)")
        #expect(rule["annotations"]["summary"].text.hasSuffix("."), "\(name)")
        #expect(rule["annotations"]["description"].text.count > 60, "\(name)")
        #expect(["warning", "critical"].contains(rule["labels"]["severity"].text), "\(name)")
      }
    }
  }

  @Test func `the dashboard's panels have ids and places of their own`() throws {
    let panels = try Self.load("grafana/kv-indexer.json")["panels"].list
    #expect(Set(panels.map { $0["id"].text }).count == panels.count)
    var taken: Set<Int> = []
    for panel in panels {
      let place = panel["gridPos"]
      func number(_ name: String) -> Int { Int(place[name].text) ?? -1 }
      #expect(number("x") + number("w") <= 24)
      for y in number("y")..<(number("y") + number("h")) {
        for x in number("x")..<(number("x") + number("w")) {
          #expect(taken.insert(y * 24 + x).inserted, "\(panel["title"].text)")
        }
      }
    }
  }

  /// Debian's package prometheus has it.
  private static let promtool: String? =
    [ProcessInfo.processInfo.environment["KV_PROMTOOL"], "/usr/bin/promtool"].compactMap(\.self)
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  @Test(.enabled(if: promtool != nil)) func `Prometheus takes the alerts`() throws {
    let file = Self.folder.appending(path: "prometheus/alerts.yml").path
    try Subprocess.run(try #require(Self.promtool), ["check", "rules", file])
  }

  @Test func `PromQL is read as it is meant`() throws {
    let query = try PromQL(
      #"sum by (a, b) (rate(x_bucket{l="1",m=~"p|q|$v"}[5m])) / on (a) group_left y{} offset 5m"#
        .replacing("{}", with: ""))
    #expect(query.selectors.map(\.name) == ["x_bucket", "y"])
    #expect(query.selectors[0].matchers[0].values == ["1"])
    #expect(query.selectors[0].matchers[1].values.isEmpty)
    #expect(query.labels == ["a", "b", "a"] && query.functions == ["sum", "rate"])
    #expect(throws: PromQL.Fault.self) { try PromQL("sum(x") }
    #expect(throws: PromQL.Fault.self) { try PromQL("x{a=b}") }
  }
}

extension YAMLNode {
  /// The value of a mapping's key; empty where there is none.
  fileprivate subscript(key: String) -> YAMLNode {
    if case .mapping(let entries) = content,
      let entry = entries.first(where: { $0.key == key })
    {
      return entry.value
    }
    return YAMLNode(content: .scalar("", isPlain: true), mark: mark)
  }

  fileprivate var list: [YAMLNode] {
    if case .sequence(let nodes) = content { nodes } else { [] }
  }

  fileprivate var text: String {
    if case .scalar(let text, _) = content { text } else { "" }
  }
}

import KVIndexer

/// How far sources can be believed, since when, and why not further.
extension MetricsPage {
  func addTrust(_ text: inout MetricsText, _ rows: [Row]) {
    text.add(
      "kvindexer_source_trust", .gauge, help: "1 for the trust state that the source is in.",
      rows.flatMap { row in
        Trust.names.map { name in
          (
            labels: row.labels + [(name: "trust", value: name)],
            value: row.status.trust.name == name ? 1.0 : 0.0
          )
        }
      })
    text.add(
      "kvindexer_source_trust_cause", .gauge,
      help: "1 for why the source is degraded or mismatched; no series where it is neither.",
      rows.compactMap { row in
        row.status.trust.cause.map {
          (labels: row.labels + [(name: "cause", value: $0)], value: 1.0)
        }
      })
    text.add(
      "kvindexer_source_trust_seconds", .gauge, help: "For how long that has been its trust.",
      rows.map { ($0.labels, $0.status.trustSeconds) })
    text.add(
      "kvindexer_source_trust_changes_total", .counter,
      help: "How often the source's trust became another one.",
      rows.map { ($0.labels, Double($0.status.counters.trustChanges)) })
    text.add(
      "kvindexer_incarnations_total", .counter,
      help: "New engine caches seen behind the source, by what showed them.",
      rows.flatMap { row in
        IncarnationCause.allCases.map { cause in
          (
            labels: row.labels + [(name: "cause", value: cause.name)],
            value: Double(row.stream.counters.incarnations[cause] ?? 0)
          )
        }
      })
  }
}

package import KVIndexer

/// What a replay found: predictions against deliveries, and what the streams held.
package struct ReplayReport: Sendable {
  package struct Row: Sendable {
    package var id: Int
    package var label: String
    package var endpoint: String
    package var promptTokens: Int
    package var matchedTokens: Int
    package var reservedTokens: Int
    package var deliveredTokens: Int
    package var trust: String

    package var predictedTokens: Int { matchedTokens + reservedTokens }
    package var isEqual: Bool { predictedTokens == deliveredTokens }
  }

  package struct SourceSummary: Sendable {
    package var name: String
    package var messages: Int
    package var status: SourceStatus
  }

  package var rows: [Row] = []
  package var sources: [SourceSummary] = []
  package var batches = 0
  package var events = 0
  package var incarnations = 0
  package var lostMessages = 0
  package var droppedMessages = 0
  /// Requests that could not reserve, because no event had told the block size yet.
  package var unreserved = 0
  package var decoding = EventDecodingCounters()

  package var equalCount: Int { rows.count { $0.isEqual } }
  package var isEqual: Bool { equalCount == rows.count }

  /// The table, the summary, and `N of M predictions equal` as the last line.
  package func text(onlyDifferences: Bool) -> String {
    var lines: [String] = []
    let shown = rows.filter { !onlyDifferences || !$0.isEqual }
    if !shown.isEmpty {
      lines.append("request  endpoint    prompt  predicted  reserved  delivered     label")
      lines += shown.map { row in
        [
          pad("\(row.id)", 7), "  ", padRight(row.endpoint, 10), pad("\(row.promptTokens)", 8),
          pad("\(row.predictedTokens)", 11), pad("\(row.reservedTokens)", 10),
          pad("\(row.deliveredTokens)", 11), row.isEqual ? "  =  " : "  ≠  ", row.label,
        ].joined()
      }
      lines.append("")
    }
    lines += sources.map { source in
      let status = source.status
      let counters = status.counters
      return """
        \(source.name): \(source.messages) messages, \(counters.storedBlocks) blocks stored \
        (+ \(counters.copiedBlocks) copies), \(counters.removedBlocks) removed, \
        \(counters.clearedEvents) clears, \(status.residencies) resident, trust \
        \(status.trust.name)\(status.trust.reason.map { " — " + $0 } ?? "")
        """
    }
    let skipped = decoding.skipped
    lines.append(
      "\(batches) batches, \(events) events, \(skipped) skipped, \(decoding.unknownTags) unknown "
        + "tags, \(decoding.unknownFields) unknown fields, \(lostMessages) messages missing, "
        + "\(incarnations) restarts seen")
    lines.append("\(equalCount) of \(rows.count) predictions equal")
    return lines.joined(separator: "\n")
  }

  private func pad(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
  }

  private func padRight(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0))
  }
}

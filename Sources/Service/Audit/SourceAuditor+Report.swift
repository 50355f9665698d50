import KVIndexer
import Tokenize

/// What the audit tells of itself.
extension SourceAuditor {
  func add(to text: inout MetricsText) {
    text.add(
      "kvindexer_audit_findings_total", help: "What the audit found out about sources.", findings)
    text.add(
      "kvindexer_audit_resyncs_total", help: "Sources that it had learnt anew.", resyncs)
  }

  /// Adds what `/v1/sources` tells of one source.
  func write(
    _ source: SourceID, _ member: FleetMembership.Member, _ json: inout JSONWriter
  ) {
    let (note, resyncs) = note(of: source)
    json.field("unknown_blocks_max", unknownMax(of: source, member))
    json.field("audit") { json in
      json.object { json in
        json.field("finding", note?.finding.rawValue)
        json.field("at") { json in
          if let note { json.double(note.time) } else { json.null() }
        }
        json.field("resyncs", resyncs)
      }
    }
  }
}

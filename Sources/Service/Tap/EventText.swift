import KVIndexer

/// A decoded batch as lines for people: hashes and counts, never token ids.
struct EventText {
  /// One line for the batch, and one for each event in it.
  static func lines(
    _ batch: borrowing EventBatch, sequence: UInt64, source: String, now: Double
  ) -> [String] {
    let lag = now - batch.timestamp
    let rank = batch.dataParallelRank.map { " rank \($0)" } ?? ""
    var lines = ["\(source) seq \(sequence)\(rank) lag \(milliseconds(lag))"]
    for event in batch.events { lines.append("  " + line(event, batch)) }
    if batch.skippedEvents > 0 { lines.append("  \(batch.skippedEvents) events not understood") }
    return lines
  }

  private static func milliseconds(_ seconds: Double) -> String {
    "\((seconds * 10_000).rounded() / 10) ms"
  }

  private static func line(_ event: KVEvent, _ batch: borrowing EventBatch) -> String {
    var parts: [String] = []
    switch event.kind {
    case .cleared: return "cleared"
    case .removed: parts.append("removed \(event.hashes.count)")
    case .stored:
      parts.append("stored \(event.hashes.count) × \(event.blockSize)")
      if event.tokens.count != event.hashes.count * event.blockSize {
        parts.append("(covering \(event.tokens.count) tokens)")
      }
      parts.append("after \(event.parent.map { hex($0) } ?? "the root")")
    }
    if case .tier(let tier) = event.medium {
      parts.append(tier.name)
    } else {
      parts.append("medium ?")
    }
    if let group = event.group { parts.append("group \(group)") }
    if let spec = event.spec, spec.kind != .full {
      parts.append("\(spec.kind)" + (spec.window.map { " of \($0)" } ?? ""))
    }
    if let name = batch.loraName(of: event) { parts.append("lora \(name)") }
    let salted = event.extraDigests.count { batch.extraDigests[$0] != 0 }
    if salted > 0 { parts.append("extra keys in \(salted)") }
    let shown = event.hashes.prefix(4).map { hex(batch.hashes[$0]) }.joined(separator: " ")
    return parts.joined(separator: " ") + ": " + shown + (event.hashes.count > 4 ? " …" : "")
  }

  private static func hex(_ hash: EngineHash) -> String {
    let digits = String(hash.bits, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

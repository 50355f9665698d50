/// The latest decisions, bounded in number and in bytes; the oldest are forgotten first.
///
/// A decision is written once, when it was made, and changed when its response came. Whoever follows
/// a request keeps its entry, and may change it after the log has forgotten it.
package final class DecisionLog: @unchecked Sendable {
  /// How much is remembered.
  package struct Limits: Sendable {
    package var decisionsMax = 10_000
    package var bytesMax = 32 << 20

    package init() {}
  }

  /// A decision that may still change; all of it is the log's to touch.
  final class Entry: @unchecked Sendable {
    fileprivate var decision: Decision
    fileprivate var evidence: PredictionEvidence?
    fileprivate var bytes = 0

    fileprivate init(_ decision: Decision, _ evidence: PredictionEvidence?) {
      self.decision = decision
      self.evidence = evidence
    }
  }

  /// Which decisions to tell of.
  package struct Query: Sendable {
    /// At most so many.
    package var limit = 50
    /// Older than this one.
    package var before: UInt64?
    /// Newer than this one.
    package var since: UInt64?
    package var endpoint: String?
    package var model: String?

    package init() {}
  }

  /// Some of the decisions, the newest first.
  package struct Page: Sendable {
    package var decisions: [Decision]
    /// What `before` has to be for those that follow; nil when there are none.
    package var next: UInt64?
    package var kept: Int
    package var forgotten: Int
  }

  /// Decisions that are looked at before others get their turn.
  private static let sliceCount: UInt64 = 256

  private let limits: Limits
  private let lock = Lock()
  // Under the lock:
  private var ring: [Entry?]
  private var oldest: UInt64 = 1
  private var next: UInt64 = 1
  private var bytes = 0
  private var byRequest: [String: Entry] = [:]

  package init(limits: Limits = Limits()) {
    self.limits = limits
    ring = Array(repeating: nil, count: max(limits.decisionsMax, 1))
  }

  /// Decisions that are remembered, and what they take; and those that are not any more.
  package var size: (kept: Int, bytes: Int, forgotten: Int) {
    lock.withLock { (Int(next - oldest), bytes, Int(oldest - 1)) }
  }

  // MARK: Writing

  /// Remembers a decision, and gives it its id.
  func append(_ decision: Decision, _ evidence: PredictionEvidence?) -> Entry {
    let entry = Entry(decision, evidence)
    lock.withLock {
      entry.decision.id = next
      if Int(next - oldest) == ring.count { forgetOldest() }
      ring[place(of: next)] = entry
      next += 1
      if let id = decision.requestID { byRequest[id] = entry }
      measure(entry)
    }
    return entry
  }

  /// Changes a decision.
  func update<Result>(
    _ entry: Entry, _ body: (inout Decision, inout PredictionEvidence?) -> Result
  ) -> Result {
    lock.withLock {
      let result = body(&entry.decision, &entry.evidence)
      if entry.decision.id >= oldest { measure(entry) }
      return result
    }
  }

  private func measure(_ entry: Entry) {
    let size = entry.decision.bytes + (entry.evidence?.bytes ?? 0)
    bytes += size - entry.bytes
    entry.bytes = size
    while bytes > limits.bytesMax, next - oldest > 1 { forgetOldest() }
  }

  private func forgetOldest() {
    defer { oldest += 1 }
    guard let entry = exchange(&ring[place(of: oldest)], with: nil) else { return }
    bytes -= entry.bytes
    entry.bytes = 0
    // Who follows the request keeps the entry, and not what is large about it.
    entry.evidence = nil
    if let id = entry.decision.requestID, byRequest[id] === entry { byRequest[id] = nil }
  }

  private func place(of id: UInt64) -> Int { Int(id % UInt64(ring.count)) }

  // MARK: Reading

  /// The latest decision on a request of that id.
  func entry(ofRequest id: String) -> Entry? { lock.withLock { byRequest[id] } }

  /// A decision as it is now, and what its prediction was made from.
  func read(_ entry: Entry) -> (decision: Decision, evidence: PredictionEvidence?) {
    lock.withLock { (entry.decision, entry.evidence) }
  }

  /// Some decisions, the newest first.
  ///
  /// - Complexity: O(decisions remembered); others wait for a slice of them at most.
  package func page(_ query: Query) -> Page {
    var page = Page(decisions: [], next: nil, kept: 0, forgotten: 0)
    var cursor = query.before ?? .max
    var isOver = false
    while !isOver {
      lock.withLock {
        page.kept = Int(next - oldest)
        page.forgotten = Int(oldest - 1)
        cursor = min(cursor, next)
        let first = max(oldest, query.since.map { $0 &+ 1 } ?? 0)
        let last = max(first, cursor > Self.sliceCount ? cursor - Self.sliceCount : 0)
        while cursor > last, page.decisions.count <= query.limit {
          cursor -= 1
          guard let decision = ring[place(of: cursor)]?.decision, query.wants(decision) else {
            continue
          }
          page.decisions.append(decision)
        }
        isOver = cursor <= first || page.decisions.count > query.limit
      }
    }
    // One more than was asked for shows that there are more.
    if page.decisions.count > query.limit {
      page.decisions.removeLast()
      page.next = page.decisions.last?.id
    }
    return page
  }
}

extension DecisionLog.Query {
  fileprivate func wants(_ decision: Decision) -> Bool {
    if let endpoint, decision.target?.endpoint != endpoint { return false }
    if let model, decision.model != model { return false }
    return true
  }
}

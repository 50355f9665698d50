import Testing

@testable import Service

@Suite struct DecisionLogTests {
  private func log(decisions: Int = 10, bytes: Int = 1 << 20) -> DecisionLog {
    var limits = DecisionLog.Limits()
    limits.decisionsMax = decisions
    limits.bytesMax = bytes
    return DecisionLog(limits: limits)
  }

  private func ids(_ log: DecisionLog, _ change: (inout DecisionLog.Query) -> Void) -> [UInt64] {
    var query = DecisionLog.Query()
    change(&query)
    return log.page(query).decisions.map(\.id)
  }

  @Test func `ids ascend, and the oldest are forgotten first`() {
    let log = log(decisions: 3)
    for _ in 0..<5 { _ = log.append(SampleDecision.decision(), nil) }
    let page = log.page(DecisionLog.Query())
    #expect(page.decisions.map(\.id) == [5, 4, 3])
    #expect(page.next == nil && page.kept == 3 && page.forgotten == 2)
  }

  @Test func `bytes are bounded, and the newest stays whatever its size`() {
    let log = log(decisions: 1000, bytes: 20_000)
    var decision = SampleDecision.decision()
    decision.blocks = Array(repeating: 1, count: 500)
    for _ in 0..<50 { _ = log.append(decision, nil) }
    #expect(log.size.bytes <= 20_000)
    #expect((2...4).contains(log.size.kept))
    #expect(log.size.kept + log.size.forgotten == 50)
    decision.blocks = Array(repeating: 1, count: 50_000)
    _ = log.append(decision, nil)
    #expect(log.size.kept == 1)
  }

  @Test func `a decision that grows later counts with what it has become`() {
    let log = log(decisions: 10, bytes: 20_000)
    let entries = (0..<10).map { _ in log.append(SampleDecision.decision(), nil) }
    #expect(log.size.kept == 10)
    log.update(entries[9]) { decision, _ in
      decision.blocks = Array(repeating: 1, count: 2300)
    }
    #expect(log.size.kept < 10)
    #expect(log.page(DecisionLog.Query()).decisions.first?.blocks.count == 2300)
  }

  @Test func `one that is forgotten can still be changed by who follows it`() {
    let log = log(decisions: 1)
    let entry = log.append(SampleDecision.decision(request: "r"), nil)
    _ = log.append(SampleDecision.decision(), nil)
    log.update(entry) { decision, _ in decision.status = .completed }
    #expect(log.read(entry).decision.status == .completed)
    #expect(log.entry(ofRequest: "r") == nil)
    #expect(log.size.kept == 1 && log.size.bytes < 2000)
  }

  @Test func `a request id names the latest decision of that id`() {
    let log = log(decisions: 2)
    let first = log.append(SampleDecision.decision(request: "r"), nil)
    #expect(log.entry(ofRequest: "r") === first)
    let second = log.append(SampleDecision.decision(request: "r"), nil)
    #expect(log.entry(ofRequest: "r") === second)
    _ = log.append(SampleDecision.decision(), nil)
    // The first is forgotten, and the id still names the second.
    #expect(log.entry(ofRequest: "r") === second)
  }

  @Test func `pages follow each other without a gap`() {
    let log = log(decisions: 1000)
    for number in 0..<700 {
      _ = log.append(SampleDecision.decision(model: number % 7 == 0 ? "x" : "y"), nil)
    }
    var seen: [UInt64] = []
    var query = DecisionLog.Query()
    query.limit = 30
    query.model = "x"
    repeat {
      let page = log.page(query)
      seen += page.decisions.map(\.id)
      query.before = page.next
    } while query.before != nil
    let expected: [UInt64] = stride(from: 694, through: 1, by: -7).map { UInt64($0) }
    #expect(seen == expected)
  }

  @Test func `what is asked for is what comes`() {
    let log = log()
    for endpoint in ["a", "b", "a", "c"] {
      _ = log.append(
        SampleDecision.decision([SampleDecision.candidate(endpoint, precise: 0)]), nil)
    }
    _ = log.append(SampleDecision.decision([], picked: nil), nil)
    #expect(ids(log) { $0.endpoint = "a" } == [3, 1])
    #expect(ids(log) { $0.since = 3 } == [5, 4])
    #expect(ids(log) { $0.before = 3 } == [2, 1])
    let between = ids(log) { query in
      query.since = 1
      query.before = 4
    }
    #expect(between == [3, 2])
    #expect(ids(log) { $0.limit = 2 } == [5, 4])
    #expect(ids(log) { $0.before = 0 } == [])
    #expect(ids(log) { $0.since = 100 } == [])
    #expect(ids(log) { $0.model = "other" } == [])
  }
}

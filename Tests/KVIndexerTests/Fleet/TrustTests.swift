import KVIndexer
import Simulation
import Testing

/// How far a source can be believed: the table in docs/ARCHITECTURE.md, walked from end to end.
@Suite struct TrustTests {
  private let prompt = tokens(40)

  /// Everything that trust is decided by.
  private struct Situation: CustomStringConvertible {
    var stream: TrackerState
    var finding: Trust.Finding?
    var damage: Trust.Degradation?
    var hasOrphans: Bool

    var description: String {
      "\(stream), \(String(describing: finding)), \(String(describing: damage)), \(hasOrphans)"
    }

    static let streams: [TrackerState] =
      [.connecting, .bootstrapping, .disconnected(sinceNanoseconds: 1)]
      + [true, false].flatMap { isReplaying in
        [.live(.complete, replaying: isReplaying)]
          + IncompleteCause.allCases.map { .live(.incomplete($0), replaying: isReplaying) }
      }
    static let findings: [Trust.Finding?] =
      [nil, .silent, .dead] + Trust.Mismatch.allCases.map { .mismatched($0) }

    static let all: [Situation] = streams.flatMap { stream in
      findings.flatMap { finding in
        ([nil] + Trust.Degradation.allCases).flatMap { damage in
          [false, true].map {
            Situation(stream: stream, finding: finding, damage: damage, hasOrphans: $0)
          }
        }
      }
    }

    /// The table, row by row: the first that applies.
    var expected: Trust {
      let isDown =
        switch stream {
        case .connecting, .disconnected: true
        case .bootstrapping, .live: false
        }
      if isDown { return finding == .dead ? .dead : .connecting }
      if case .mismatched(let cause)? = finding { return .mismatched(cause) }
      if finding == .silent { return .silent }
      guard case .live(let history, let isReplaying) = stream else { return .bootstrapping }
      if case .incomplete(let cause) = history {
        return .degraded(Trust.Degradation.allCases.first { $0.rawValue == "\(cause)" } ?? .drift)
      }
      if let damage { return .degraded(damage) }
      if isReplaying { return .lagging }
      return hasOrphans ? .degraded(.orphans) : .exact
    }
  }

  @Test func `every situation has the trust of the table, and every change is counted`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    for (number, situation) in Situation.all.enumerated() {
      let life = Incarnation(UInt32(number + 2))
      harness.beginIncarnation(life, of: source)
      try harness.apply([.stored(prompt)], from: source, life: life)
      if situation.hasOrphans {
        let orphan = EngineEvent.stored(tokens(8, prompt: 1), blocks: 1..<2)
        try harness.apply([orphan], from: source, life: life)
      }
      if let damage = situation.damage { harness.fleet.degrade(damage, of: source) }
      harness.fleet.setStream(situation.stream, of: source)
      let changes = harness.counters(source).trustChanges
      let before = harness.trust(source)
      harness.fleet.setFinding(situation.finding, of: source)
      let trust = try #require(harness.trust(source))
      #expect(trust == situation.expected, "\(situation)")
      #expect(harness.counters(source).trustChanges == changes + (trust == before ? 0 : 1))
      #expect(harness.matched(prompt + [1]) == (trust.credits ? 40 : 0), "\(situation)")
      #expect((trust.reason == nil) == (trust == .exact), "\(situation)")
      #expect(Trust.names.contains(trust.name))
      // Back to where it can be known: nothing but a new incarnation is needed, from anywhere.
      harness.fleet.setFinding(nil, of: source)
      harness.beginIncarnation(Incarnation(0), of: source)
      harness.fleet.setStream(.live(.complete, replaying: false), of: source)
      #expect(harness.trust(source) == .exact, "\(situation)")
    }
  }

  @Test func `an event takes back that a source is silent, and no other finding`() throws {
    for finding in [Trust.Finding.silent, .mismatched(.keys), .mismatched(.model)] {
      let harness = FleetHarness()
      let source = harness.add()
      harness.fleet.setFinding(finding, of: source)
      #expect(harness.trust(source)?.credits == false)
      try harness.apply([], from: source)
      #expect(harness.finding(source) == finding)
      try harness.apply([.stored(prompt)], from: source, life: Incarnation(7))
      #expect(harness.finding(source) == finding)
      try harness.apply([.stored(prompt)], from: source)
      #expect(harness.finding(source) == (finding == .silent ? nil : finding))
    }
  }

  @Test func `a new incarnation ends findings about the old one, not about the configuration`() {
    let harness = FleetHarness()
    let source = harness.add()
    let kept: [Trust.Finding] = [.mismatched(.model), .dead]
    for finding in kept + [.silent, .mismatched(.keys)] {
      harness.fleet.setFinding(finding, of: source)
      harness.beginIncarnation(Incarnation(2), of: source)
      #expect(harness.finding(source) == (kept.contains(finding) ? finding : nil))
    }
  }

  @Test func `only a source whose connection is down is declared dead, until it is up again`()
    throws
  {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(prompt)], from: source)
    #expect(!harness.declareDead(source))
    harness.fleet.setStream(.disconnected(sinceNanoseconds: 1), of: source)
    #expect(harness.declareDead(source))
    #expect(harness.trust(source) == .dead)
    #expect(!harness.declareDead(source))
    #expect(harness.beginIncarnation(Incarnation(2), of: source) == 10)
    #expect(harness.trust(source) == .dead)
    harness.fleet.setStream(.bootstrapping, of: source)
    #expect(harness.trust(source) == .bootstrapping)
    harness.fleet.setStream(.live(.incomplete(.joinedLate), replaying: false), of: source)
    #expect(harness.trust(source) == .degraded(.joinedLate))
  }

  @Test func `a source that never was connected is dead only if something of it is remembered`()
    throws
  {
    let harness = FleetHarness()
    let source = harness.add()
    harness.fleet.setStream(.connecting, of: source)
    #expect(!harness.declareDead(source))
    try harness.apply([.stored(prompt)], from: source)
    #expect(harness.declareDead(source))
  }

  @Test func `three parentless stores in a row raise a doubt, once in a while`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    func store(_ number: Int) throws {
      try harness.apply([.stored(tokens(8, prompt: number), blocks: 1..<2)], from: source)
    }
    for number in 1...2 { try store(number) }
    try harness.apply([.stored(prompt)], from: source)
    for number in 3...4 { try store(number) }
    #expect(!harness.takeDoubt(of: source))
    try store(5)
    #expect(harness.trust(source) == .degraded(.orphans))
    #expect(harness.takeDoubt(of: source))
    #expect(!harness.takeDoubt(of: source))
    for number in 6...8 { try store(number) }
    #expect(!harness.takeDoubt(of: source))
    harness.keepTime(301_000_000_000)
    for number in 9...11 { try store(number) }
    #expect(harness.takeDoubt(of: source))
  }

  @Test func `where history is missing parentless stores raise no doubt`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    harness.fleet.setStream(.live(.incomplete(.joinedLate), replaying: false), of: source)
    for number in 1...5 {
      try harness.apply([.stored(tokens(8, prompt: number), blocks: 1..<2)], from: source)
    }
    #expect(!harness.takeDoubt(of: source))
  }

  @Test func `a cache is dropped in slices, and nothing of it is credited meanwhile`() throws {
    let harness = FleetHarness()
    let (source, other) = (harness.add("a"), harness.add("b"))
    for number in 0..<20 {
      try harness.apply([.stored(tokens(40, prompt: number))], from: source)
      try harness.apply([.stored(tokens(40, prompt: number)) { $0.medium = "CPU" }], from: source)
    }
    try harness.apply([.stored(prompt)], from: other)
    var slices = 0
    var dropped = 0
    while true {
      let slice = harness.dropSlice(of: source, blocksMax: 16)
      guard slice > 0 else { break }
      slices += 1
      dropped += slice
      #expect(slice <= 16 + 10)
      #expect(harness.trust(source) == .bootstrapping)
      #expect(harness.matched(prompt + [1], on: "a") == 0)
      #expect(harness.matched(prompt + [1], on: "b") == 40)
      harness.fleet.index.checkInvariants()
    }
    #expect(dropped == 400 && slices >= 20)
    #expect(harness.status(source)?.residencies == 0)
    #expect(harness.beginIncarnation(Incarnation(2), of: source) == 0)
    #expect(harness.trust(source) == .exact)
    try harness.apply([.stored(prompt)], from: source, life: Incarnation(2))
    #expect(harness.matched(prompt + [1], on: "a") == 40)
    harness.fleet.index.checkInvariants()
    #expect(harness.explain(tokens(40, prompt: 3) + [1])[0].emptiedCause == .restarted)
  }
}

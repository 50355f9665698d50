import KVIndexer
import Simulation
import Testing

/// When predictions and deliveries contradict each other so that something must be wrong.
@Suite struct SourceAuditTests {
  private static func observation(_ predicted: Int, _ delivered: Int) -> SourceAudit.Observation {
    SourceAudit.Observation(
      predictedTokens: predicted, deliveredTokens: delivered, blockSize: 16)
  }

  /// The verdicts on observations, each of predicted and delivered tokens.
  private func verdicts(_ observed: [(Int, Int)]) -> [SourceAudit.Verdict?] {
    var audit = SourceAudit()
    return observed.map { audit.observe(Self.observation($0.0, $0.1)) }
  }

  @Test func `Two errors may be chance, the third among twenty predictions is not`() {
    let right = Array(repeating: (64, 64), count: 8)
    let found = verdicts([(64, 32)] + right + [(64, 0)] + right + [(64, 48)])
    #expect(found.last == .overPredicted)
    #expect(found.dropLast().allSatisfy { $0 == nil })
    let spread = verdicts([(64, 32)] + right + [(64, 0)] + right + [(64, 64), (64, 64), (64, 48)])
    #expect(spread.allSatisfy { $0 == nil })
  }

  @Test func `Errors in opposite directions do not add up`() {
    #expect(verdicts([(64, 32), (32, 64), (64, 32), (32, 64)]).allSatisfy { $0 == nil })
  }

  @Test func `Less than a block is no error`() {
    #expect(verdicts(Array(repeating: (64, 65), count: 20)).allSatisfy { $0 == nil })
  }

  @Test func `A verdict is given once, and then takes as many errors again`() {
    let found = verdicts(Array(repeating: (64, 32), count: 6))
    #expect(found == [nil, nil, .overPredicted, nil, nil, .overPredicted])
  }

  @Test func `Reuse of what was predicted not at all says that blocks are missing`() {
    #expect(verdicts([(64, 64), (0, 32), (0, 64), (0, 48)]).last == .underPredicted)
    #expect(verdicts([(0, 32), (0, 64), (16, 48)]).last == .underPredicted)
  }

  @Test func `Where no prediction of something was right, keys may differ`() {
    #expect(verdicts([(0, 32), (0, 64), (0, 48), (0, 0), (0, 32)]).allSatisfy { $0 == nil })
    let found = verdicts([(0, 32), (0, 64), (0, 48), (0, 0), (0, 32), (0, 32)])
    #expect(found.last == .keysDiffer)
  }

  @Test func `Keys agree again when three prompts in a row are found`() {
    var audit = SourceAudit()
    let found = [true, true, false, true, true, true].map { audit.observe(isFound: $0) }
    #expect(found == [nil, nil, nil, nil, nil, .keysAgree])
  }

  @Test func `Too many blocks take two readings to be believed`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    let blocks = StoredBlocks(
      hashes: (1...4).map { .integer($0) }, parent: nil, tokens: tokens(64), blockSize: 16)
    try harness.apply([.stored(blocks)], from: source)
    let audited = try harness.audited(source)
    var audit = SourceAudit()
    func exceeds(_ capacity: Int, _ readAt: UInt64) -> Bool {
      audit.observe(audited, capacity: capacity, readAt: readAt)
    }
    #expect(!exceeds(3, 1))
    #expect(!exceeds(3, 1))
    #expect(exceeds(3, 2))
    #expect(!exceeds(4, 3))
    #expect(!exceeds(3, 4))
  }

  @Test func `The pause between resyncs doubles up to an hour, and ends with a calm time`() {
    let second: UInt64 = 1_000_000_000
    var pause = ResyncPause()
    var now = 5 * second
    #expect(pause.isOver(now: now) && !pause.isRepeated(now: now))
    var lengths: [UInt64] = []
    for _ in 0..<9 {
      pause.begin(now: now)
      let begun = now
      while !pause.isOver(now: now) { now += second }
      lengths.append((now - begun) / second)
      #expect(pause.isRepeated(now: now))
    }
    #expect(lengths == [60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600])
    now += 3_600 * second
    #expect(!pause.isRepeated(now: now))
    pause.begin(now: now)
    #expect(pause.secondsLeft(now: now) == 60)
  }

  @Test func `A prompt's blocks are found whatever the trust`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    let blocks = StoredBlocks(
      hashes: (1...4).map { .integer($0) }, parent: nil, tokens: tokens(64), blockSize: 16)
    try harness.apply([.stored(blocks)], from: source)
    harness.fleet.setFinding(.mismatched(.keys), of: source)
    #expect(harness.matched(tokens(80)) == 0)
    #expect(harness.holds(block: 3, of: tokens(80), source))
    #expect(!harness.holds(block: 4, of: tokens(80), source))
    #expect(!harness.isEmptied(source))
    let dropped = harness.fleet.empty(source)
    #expect(dropped == 4)
    #expect(harness.isEmptied(source))
    #expect(!harness.holds(block: 0, of: tokens(80), source))
  }
}

import KVIndexer
import Simulation

/// A random fleet: engines that store, copy, offload, remove and clear, with holes and orphans.
struct SnapshotStream {
  static let blockSize = 4
  static let engines = 4

  private var random: SplitMix64
  private var prompts: [[TokenID]] = []
  private var sequences = Array(repeating: UInt64(0), count: SnapshotStream.engines)

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    for _ in 0..<6 { prompts.append(randomTokens(blocks: 40)) }
  }

  static func configuration(_ engine: Int) -> SourceConfiguration {
    SourceConfiguration(
      endpoint: "e\(engine)", model: "m", rank: engine % 2,
      duplicates: engine == 3 ? .once : .counted)
  }

  private mutating func randomTokens(blocks: Int) -> [TokenID] {
    (0..<blocks * Self.blockSize).map { _ in TokenID(random.below(2)) }
  }

  var allPrompts: [[TokenID]] { prompts }

  /// The next message, and whose it is.
  mutating func next() -> (engine: Int, sequence: UInt64, events: [EngineEvent]) {
    let engine = random.below(Self.engines)
    defer { sequences[engine] += 1 }
    return (engine, sequences[engine], (0..<1 + random.below(6)).map { _ in event(engine) })
  }

  private mutating func event(_ engine: Int) -> EngineEvent {
    let number = random.below(prompts.count)
    if random.below(4) == 0 {
      let kept = prompts[number].prefix(Self.blockSize * random.below(30))
      prompts[number] = Array(kept) + randomTokens(blocks: 4 + random.below(10))
    }
    let prompt = prompts[number]
    let blocks = prompt.count / Self.blockSize
    let start = random.below(3) == 0 ? random.below(blocks) : 0
    let end = min(blocks, start + 1 + random.below(12))
    // Half of the engines agree on hashes, as servers with vLLM's defaults do.
    let secret = UInt64(engine % 2 == 0 ? 0 : engine)
    let medium = random.below(6) == 0 ? "CPU" : "GPU"
    switch random.below(100) {
    case 0..<55:
      return .stored(prompt, blocks: start..<end, secret: secret) { $0.medium = medium }
    case 55..<98:
      return .removed(prompt, blocks: start..<min(end, start + 3), secret: secret) {
        $0.medium = medium
      }
    case 98: return .placeholder(prompt, blocks: start..<end, secret: secret)
    default: return random.below(8) == 0 ? .cleared : .stored(prompt, secret: secret)
    }
  }
}

extension FleetHarness {
  /// A harness that goes on with what a snapshot says.
  convenience init(restoring bytes: [UInt8], byteBudget: Int = 64 << 20) throws(SnapshotError) {
    self.init(byteBudget: byteBudget)
    try restore(bytes)
  }

  func restore(
    _ bytes: [UInt8], taking isWanted: (SnapshotSource) -> Bool = { _ in true }
  ) throws(SnapshotError) {
    fleet = try FleetIndex.restored(
      from: SnapshotReader(bytes), taking: isWanted, hasher: fleet.hasher,
      byteBudget: fleet.index.byteBudget, now: 0)
  }

  func snapshot() -> [UInt8] {
    var capture = SnapshotCapture(hasher: fleet.hasher, writtenAt: 1_700_000_000)
    while case .more = capture.advance(over: fleet) { capture.settle() }
    var pieces = capture.finish().sealed()
    var bytes: [UInt8] = []
    while let piece = pieces.next() { bytes += piece }
    return bytes
  }

  /// Applies a message and takes note of it, as ingest does.
  func follow(_ message: (engine: Int, sequence: UInt64, events: [EngineEvent]), _ source: SourceID)
    throws
  {
    let isCleared = try apply(
      message.events, from: source, life: fleet.status(of: source)?.incarnation ?? Self.life)
    fleet.noteApplied(
      SequenceTracker.Record.Message(
        sequence: message.sequence, digest: PayloadDigest(message.sequence &* 31)),
      isCleared: isCleared, of: source,
      incarnation: fleet.status(of: source)?.incarnation ?? Self.life)
  }

  func checkInvariants() { fleet.index.checkInvariants() }

  func record(_ source: SourceID) -> SequenceTracker.Record? { fleet.record(of: source) }

  var parkedSources: Int { fleet.parkedSources }

  /// Drops what nobody has claimed; returns how much that is.
  func dropParked() -> Int {
    let dropped = fleet.giveUpParked().reduce(0) { $0 + $1.residencies }
    while fleet.dropLeaving(blocksMax: 16) {}
    return dropped
  }

  /// Adds a source as it was configured before.
  func addAgain(_ configuration: SourceConfiguration) -> SourceID {
    let source = fleet.addSource(configuration)
    fleet.setStream(.live(.complete, replaying: false), of: source)
    return source
  }
}

extension SnapshotReader {
  /// Reads from an array.
  init(_ bytes: [UInt8]) throws(SnapshotError) {
    var offset = 0
    try self.init { buffer throws(SnapshotError) in
      let piece = bytes[offset...].prefix(buffer.count)
      buffer.copyBytes(from: piece)
      offset += piece.count
      return piece.count
    }
  }
}

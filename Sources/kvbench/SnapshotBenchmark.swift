import KVIndexer
import Service
import Simulation
import Synchronization

/// Snapshots: taking, writing, reading, and what matches notice of it.
enum SnapshotBenchmark {
  private static let lanes = 64
  private static let depth = 512

  static func run(_ scale: Scale, _ report: inout Report) throws {
    for residencies in scale.isSmoke ? [50_000] : [1_000_000, 10_000_000] {
      guard scale.wants("snapshot \(residencies)") else { continue }
      try run(residencies, scale, &report)
    }
    guard scale.wants("snapshot peer") else { return }
    try SnapshotPeerBenchmark.run(scale, &report)
  }

  private static func run(
    _ residencies: Int, _ scale: Scale, _ report: inout Report
  ) throws {
    var shape = Forest.Shape()
    shape.lanes = lanes
    shape.depth = depth
    shape.residencies = residencies
    shape.seed = scale.seed
    report.begin("snapshot", shape.text)
    var forest = Forest(shape)
    var random = SplitMix64(seed: scale.seed)
    let queries = forest.fullQueries(200, &random)
    let fleet = SharedFleet(loaded(forest))
    forest = Forest(Forest.Shape(lanes: 1, depth: 1, residencies: 1))
    let held = fleet.read { $0.index.residencies }
    let indexBytes = fleet.read { $0.index.bytes }
    report.row("the index itself", Double(indexBytes) / Double(held), unit: "bytes a residency")
    let parent = try TemporaryDirectory(for: "kvbench-snapshot")
    let directory = try StateDirectory(parent.path)
    for name in ["lock", "snapshot"] { _ = parent.path(of: name) }
    try measureWriting(fleet, directory, queries, held, scale, &report)
    try measureLoading(fleet, directory, queries, scale, &report)
  }

  /// A fleet that holds a forest, by events, each of them noted as applied.
  private static func loaded(_ forest: Forest) -> FleetIndex {
    var fleet = LoadedFleet(endpoints: lanes)
    var sequences = Array(repeating: UInt64(0), count: lanes)
    for store in forest.stores {
      let message = EngineMessages.stored(forest.chains[store.chain], store.range)
      let isTaken = fleet.take(message, source: store.lane)
      precondition(isTaken, "a message of our own can't be decoded")
      fleet.fleet.noteApplied(
        SequenceTracker.Record.Message(
          sequence: sequences[store.lane], digest: PayloadDigest(sequences[store.lane])),
        isCleared: false, of: fleet.sources[store.lane], incarnation: Incarnation(0))
      sequences[store.lane] += 1
    }
    return fleet.intoFleet()
  }

  // MARK: Writing

  private static func measureWriting(
    _ fleet: SharedFleet, _ directory: StateDirectory, _ queries: [[UInt64]], _ held: Int,
    _ scale: Scale, _ report: inout Report
  ) throws {
    let quiet = matchLatencies(fleet, queries) {
      Pause.microseconds(scale.isSmoke ? 50_000 : 500_000)
    }
    var capture = [Double]()
    var total = [Double]()
    var bytes = 0
    var failure: SystemError?
    let during = matchLatencies(fleet, queries) {
      for _ in 0..<scale.rounds {
        let start = MonotonicClock.nowNanoseconds()
        let captured = fleet.capture()
        capture.append(Double(MonotonicClock.nowNanoseconds() - start))
        let snapshot = captured.sealed()
        bytes = snapshot.byteCount
        do throws(SystemError) {
          try directory.write(snapshot)
        } catch {
          failure = error
        }
        total.append(Double(MonotonicClock.nowNanoseconds() - start))
      }
    }
    if let failure { throw failure }
    report.row("size", Double(bytes) / Double(held), unit: "bytes a residency")
    report.row(
      "events wait while it is captured", Samples(capture), unit: "ms", scale: 1e6)
    report.row(
      "captured, sealed, written, on disk", Samples(total), unit: "ms", scale: 1e6,
      goal: held < 2_000_000 ? .median(100) : nil)
    let memory = try ProcessStatistics.residentBytesAdded {
      try directory.write(fleet.capture().sealed())
    }
    report.row("  memory for that, at most", Double(memory) / 1e6, unit: "MB")
    report.row("match, nothing written", quiet, unit: "µs", scale: 1e3)
    report.row("match, while snapshots are written", during, unit: "µs", scale: 1e3)
    report.row("  of these the slowest", during.quantile(1), unit: "ns")
  }

  /// How long matches take on another thread while `body` runs.
  private static func matchLatencies(
    _ fleet: SharedFleet, _ queries: [[UInt64]], while body: () -> Void
  ) -> Samples {
    let isOver = Flag()
    let matcher = Matcher()
    let thread = WorkerThread(name: "matcher") {
      matcher.run(fleet, queries, until: isOver)
    }
    body()
    isOver.raise()
    thread.join()
    return Samples(matcher.nanoseconds)
  }

  private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)

    var isRaised: Bool { value.load(ordering: .relaxed) }

    func raise() { value.store(true, ordering: .relaxed) }
  }

  /// Matches without a pause; read it when its thread has ended.
  private final class Matcher: @unchecked Sendable {
    private(set) var nanoseconds: [Double] = []

    func run(_ fleet: SharedFleet, _ queries: [[UInt64]], until isOver: Flag) {
      var buffer = MatchBuffer()
      var number = 0
      nanoseconds.reserveCapacity(1 << 20)
      while !isOver.isRaised {
        let query = queries[number % queries.count]
        number += 1
        let start = MonotonicClock.nowNanoseconds()
        fleet.read { fleet in
          query.withUnsafeBufferPointer { keys in
            guard let base = keys.baseAddress else { return }
            fleet.index.match(base, count: keys.count, into: &buffer)
          }
        }
        nanoseconds.append(Double(MonotonicClock.nowNanoseconds() - start))
        // As many a second as a busy router asks, so that the writer has a processor.
        Pause.microseconds(20)
      }
    }
  }

  // MARK: Loading

  private static func measureLoading(
    _ fleet: SharedFleet, _ directory: StateDirectory, _ queries: [[UInt64]], _ scale: Scale,
    _ report: inout Report
  ) throws {
    var verifying: [Double] = []
    var restoring: [Double] = []
    var checksum = Checksum()
    for round in 0..<scale.rounds {
      verifying.append(
        try nanoseconds { _ = try SnapshotFile(directory.snapshotPath).reader().verify() })
      var restored = FleetIndex()
      restoring.append(
        try nanoseconds {
          restored = try restore(try SnapshotFile(directory.snapshotPath), fleet.hasher)
        })
      if round == 0 { verify(restored, fleet, queries, &checksum, &report) }
    }
    let residencies = fleet.read { $0.index.residencies }
    report.row(
      "read, verified, restored", Samples(restoring), unit: "ms", scale: 1e6,
      goal: residencies < 2_000_000 ? .median(100) : nil, checksum: checksum)
    report.row("  of these reading and verifying", Samples(verifying), unit: "ms", scale: 1e6)
    let memory = try ProcessStatistics.residentBytesAdded {
      let restored = try restore(try SnapshotFile(directory.snapshotPath), fleet.hasher)
      report.row("  the index then", Double(restored.index.bytes) / 1e6, unit: "MB")
    }
    report.row("  memory for all of it, at most", Double(memory) / 1e6, unit: "MB")
  }

  private static func nanoseconds(_ body: () throws -> Void) rethrows -> Double {
    let start = MonotonicClock.nowNanoseconds()
    try body()
    return Double(MonotonicClock.nowNanoseconds() - start)
  }

  private static func restore(
    _ file: SnapshotFile, _ hasher: BlockHasher
  ) throws -> FleetIndex {
    var restored = try FleetIndex.restored(
      from: file.reader(), hasher: hasher, byteBudget: 2 << 30,
      now: MonotonicClock.nowNanoseconds())
    for number in 0..<lanes {
      _ = restored.addSource(
        SourceConfiguration(endpoint: LoadedFleet.name(number), model: LoadedFleet.model))
    }
    return restored
  }

  /// Compares matches of both, source by source.
  private static func verify(
    _ restored: borrowing FleetIndex, _ fleet: SharedFleet, _ queries: [[UInt64]],
    _ checksum: inout Checksum, _ report: inout Report
  ) {
    let held = restored.index.residencies
    report.check(
      held == fleet.read { $0.index.residencies }, "\(held) residencies are restored")
    var buffer = MatchBuffer()
    var twin = MatchBuffer()
    for query in queries {
      query.withUnsafeBufferPointer { keys in
        guard let base = keys.baseAddress else { return }
        restored.index.match(base, count: keys.count, into: &twin)
        fleet.read { $0.index.match(base, count: keys.count, into: &buffer) }
      }
      // Lanes are numbered anew, in the order of the sources.
      for lane in 0..<lanes {
        let depth = buffer[LaneID(lane)]
        checksum.add(depth)
        report.check(depth == twin[LaneID(lane)], "lane \(lane): \(twin[LaneID(lane)]) blocks")
      }
    }
  }
}

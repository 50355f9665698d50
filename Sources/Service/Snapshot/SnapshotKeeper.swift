import KVIndexer

/// The thread that takes snapshots: now and then for the disk, and when somebody asks for one.
final class SnapshotKeeper: @unchecked Sendable {
  /// Requests that wait at a time.
  private static let waitingMax = 8
  /// How long sources of a snapshot may take to be configured again.
  static let parkedNanoseconds: UInt64 = 300_000_000_000
  private static let dropBlocks = 4_096

  /// What came of a snapshot that was asked for so that nothing older is left.
  enum Saved: Sendable {
    case written
    /// It could not be written, so the one before is removed.
    case removed(SystemError)
    /// That failed as well: what is on disk is older.
    case failed(SystemError)
  }

  let metrics: SnapshotMetrics
  private let intake: EventIntake
  private let directory: StateDirectory?
  private let intervalNanoseconds: UInt64
  private let log: Log
  private let thread = DutyThread(name: "snapshots")
  // Guarded by the thread:
  private var receivers: [Receiver] = []
  private var savers: [@Sendable (Saved) -> Void] = []
  private var dueAt: UInt64
  private var parkedUntil: UInt64
  private var isFinished = false

  typealias Receiver = @Sendable (SnapshotPieces) -> Void

  /// What is to be done at once.
  private struct Round {
    var receivers: [Receiver]
    var savers: [@Sendable (Saved) -> Void]
    var isDue: Bool
    var dropsParked: Bool
  }

  /// - Parameter directory: Where snapshots are kept; nil for nowhere.
  init(
    intake: EventIntake, directory: StateDirectory?, interval: Duration, metrics: SnapshotMetrics,
    log: Log
  ) {
    self.intake = intake
    self.directory = directory
    self.metrics = metrics
    self.log = log
    intervalNanoseconds = UInt64(interval / .nanoseconds(1))
    let now = MonotonicClock.nowNanoseconds()
    dueAt = directory == nil ? .max : now &+ intervalNanoseconds
    parkedUntil = now &+ Self.parkedNanoseconds
  }

  func start() {
    thread.start { self.run() }
  }

  /// Answers who waits, and ends the thread.
  func stop() { thread.stop() }

  /// Writes what the index knows at the end, and leaves the directory to the next process.
  ///
  /// To be called when nothing is applied any more; any further call does nothing.
  func finish() {
    let isFirst = thread.withLock { _ in
      defer { isFinished = true }
      return !isFinished
    }
    guard isFirst, let directory else { return }
    _ = write(to: directory)
    directory.release()
  }

  /// Sees to it that no snapshot on disk is older than now, and tells when that is so.
  ///
  /// - Parameter done: Called on the thread, or here where nothing is kept.
  func save(_ done: @escaping @Sendable (Saved) -> Void) {
    guard directory != nil else { return done(.written) }
    let isTaken = thread.withLock { isEnding in
      if !isEnding { savers.append(done) }
      return !isEnding
    }
    if !isTaken { done(.failed(SystemError("write a snapshot", reason: "the service stops"))) }
  }

  /// Gives `receive` a snapshot of now, on the thread; false when too many wait.
  func take(_ receive: @escaping Receiver) -> Bool {
    thread.withLock { isEnding in
      guard receivers.count < Self.waitingMax, !isEnding else { return false }
      receivers.append(receive)
      return true
    }
  }

  private func run() {
    while let round = thread.next(look) {
      if !round.receivers.isEmpty {
        let snapshot = capture()
        for receive in round.receivers { receive(snapshot) }
      }
      if let directory, round.isDue || !round.savers.isEmpty {
        let failure = write(to: directory)
        if !round.savers.isEmpty {
          let saved = failure.map { drop(in: directory, after: $0) } ?? .written
          for done in round.savers { done(saved) }
        }
        let next = MonotonicClock.nowNanoseconds() &+ intervalNanoseconds
        thread.withLock { _ in dueAt = next }
      }
      if round.dropsParked { dropParked() }
    }
  }

  private func look() -> DutyThread.Duty<Round> {
    let now = MonotonicClock.nowNanoseconds()
    let deadline = min(dueAt, parkedUntil)
    if receivers.isEmpty, savers.isEmpty, now < deadline {
      return deadline == .max ? .none : .later(nanoseconds: deadline)
    }
    let round = Round(
      receivers: receivers, savers: savers, isDue: now >= dueAt, dropsParked: now >= parkedUntil)
    receivers = []
    savers = []
    if round.dropsParked { parkedUntil = .max }
    return .now(round)
  }

  private func capture() -> SnapshotPieces {
    let start = MonotonicClock.nowNanoseconds()
    let captured = intake.capture()
    metrics.captureSeconds.observe(Double(MonotonicClock.nowNanoseconds() - start) / 1e9)
    return captured.sealed()
  }

  /// Writes a snapshot; where that fails, the last one stays.
  private func write(to directory: StateDirectory) -> SystemError? {
    let start = MonotonicClock.nowNanoseconds()
    let snapshot = capture()
    do throws(SystemError) {
      try directory.write(snapshot)
    } catch {
      metrics.failures.add()
      log(.error, "\(error); the last snapshot stays")
      return error
    }
    metrics.written.add()
    metrics.bytes.set(Double(snapshot.byteCount))
    metrics.writtenAt.set(WallClock.seconds())
    metrics.writeSeconds.set(Double(MonotonicClock.nowNanoseconds() - start) / 1e9)
    log(.debug, "a snapshot of \(snapshot.totals.residencies) residencies is written")
    return nil
  }

  private func drop(in directory: StateDirectory, after failure: SystemError) -> Saved {
    do throws(SystemError) {
      try directory.dropSnapshot()
      log(.warning, "it is removed after all: somebody has declared void what it holds")
      return .removed(failure)
    } catch {
      log(.error, "\(error); what somebody has declared void is still on disk")
      return .failed(error)
    }
  }

  /// Drops what nobody has claimed, in slices between which matches go on.
  private func dropParked() {
    for dropped in intake.fleet.write({ $0.giveUpParked() }) {
      metrics.droppedSources.add()
      log(
        .info,
        "\(dropped.endpoint) is not configured any more; \(dropped.residencies) blocks that a "
          + "snapshot knew of it are dropped")
    }
    while intake.fleet.write({ $0.dropLeaving(blocksMax: Self.dropBlocks) }) {}
  }
}

import KVIndexer

/// The thread that takes snapshots: now and then for the disk, and when somebody asks for one.
final class SnapshotKeeper: @unchecked Sendable {
  /// Requests that wait at a time.
  private static let waitingMax = 8
  /// How long sources of a snapshot may take to be configured again.
  static let parkedNanoseconds: UInt64 = 300_000_000_000
  private static let dropBlocks = 4_096

  let metrics: SnapshotMetrics
  private let intake: EventIntake
  private let directory: StateDirectory?
  private let intervalNanoseconds: UInt64
  private let log: Log
  private let lock = ConditionLock()
  private var waiting: [@Sendable (CapturedSnapshot) -> Void] = []
  private var isStopping = false
  private var isFinished = false
  private var isUrgent = false
  private var thread: WorkerThread?

  // Of the thread:
  private var dueAt: UInt64
  private let parkedUntil: UInt64

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
    lock.withLock { thread = WorkerThread(name: "snapshots") { self.run() } }
  }

  /// Answers who waits, and ends the thread.
  func stop() {
    let thread = lock.withLock {
      isStopping = true
      lock.broadcast()
      return self.thread
    }
    thread?.join()
  }

  /// Writes what the index knows at the end, and leaves the directory to the next process.
  ///
  /// To be called when nothing is applied any more; any further call does nothing.
  func finish() {
    let isFirst = lock.withLock {
      defer { isFinished = true }
      return !isFinished
    }
    guard isFirst, let directory else { return }
    write()
    directory.release()
  }

  /// Writes a snapshot at the next opportunity: what the last one says is void by now.
  func writeSoon() {
    lock.withLock {
      isUrgent = true
      lock.broadcast()
    }
  }

  /// Gives `receive` a snapshot of now, on the thread; false when too many wait.
  func take(_ receive: @escaping @Sendable (CapturedSnapshot) -> Void) -> Bool {
    lock.withLock {
      guard waiting.count < Self.waitingMax, !isStopping else { return false }
      waiting.append(receive)
      lock.broadcast()
      return true
    }
  }

  private func run() {
    while let requests = next() {
      if !requests.isEmpty {
        let captured = capture()
        for receive in requests { receive(captured) }
      }
      let now = MonotonicClock.nowNanoseconds()
      if takeUrgency() || now >= dueAt {
        write()
        if directory != nil { dueAt = MonotonicClock.nowNanoseconds() &+ intervalNanoseconds }
      }
      if now >= parkedUntil { dropParked() }
    }
  }

  /// Waits until there is something to do; nil when the thread is to end.
  private func next() -> [@Sendable (CapturedSnapshot) -> Void]? {
    lock.withLock {
      while waiting.isEmpty, !isStopping, !isUrgent {
        let now = MonotonicClock.nowNanoseconds()
        let deadline = min(dueAt, now < parkedUntil ? parkedUntil : .max)
        if now >= deadline { break }
        if deadline == .max { lock.wait() } else { _ = lock.wait(untilNanoseconds: deadline) }
      }
      guard !isStopping || !waiting.isEmpty else { return nil }
      defer { waiting = [] }
      return waiting
    }
  }

  private func takeUrgency() -> Bool {
    lock.withLock {
      defer { isUrgent = false }
      return isUrgent
    }
  }

  private func capture() -> CapturedSnapshot {
    let start = MonotonicClock.nowNanoseconds()
    let captured = intake.capture()
    metrics.captureSeconds.observe(Double(MonotonicClock.nowNanoseconds() - start) / 1e9)
    return captured
  }

  private func write() {
    guard let directory else { return }
    let start = MonotonicClock.nowNanoseconds()
    let captured = capture()
    var bytes = 0
    do throws(SystemError) {
      try AtomicFile.write(to: directory.snapshotPath) { write throws(SystemError) in
        try captured.write { piece throws(SystemError) in
          bytes += piece.count
          try write(piece)
        }
      }
    } catch {
      metrics.failures.add()
      log(.error, "\(error); the last snapshot stays")
      return
    }
    metrics.written.add()
    metrics.bytes.set(Double(bytes))
    metrics.writtenAt.set(WallClock.seconds())
    metrics.writeSeconds.set(Double(MonotonicClock.nowNanoseconds() - start) / 1e9)
    log(.debug, "a snapshot of \(captured.totals.residencies) residencies is written")
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

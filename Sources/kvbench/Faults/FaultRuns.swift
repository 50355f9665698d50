import Service

/// Runs faults with many seeds, several runs at a time, and tells of each fault when it is through.
final class FaultRuns: @unchecked Sendable {
  private let options: FaultOptions
  private let tell: @Sendable (FaultTally) -> Void
  private let lock = Lock()
  // Under the lock:
  private var tallies: [FaultTally]
  private var next = 0
  private var told = 0

  init(
    _ faults: [Fault], _ options: FaultOptions, tell: @escaping @Sendable (FaultTally) -> Void
  ) {
    tallies = faults.map { FaultTally($0) }
    self.options = options
    self.tell = tell
  }

  /// Runs everything; returns when all is through.
  func run() -> [FaultTally] {
    let workers = (0..<Int(options.runsAtOnce)).map { number in
      WorkerThread(name: "faults-\(number)") { self.work(number) }
    }
    for worker in workers { worker.join() }
    return lock.withLock { tallies }
  }

  private func work(_ number: Int) {
    // A port that an engine gives up for a moment is nobody else's there.
    let place = FaultStand.Place(
      host: "127.0.\(1 + number / 250).\(1 + number % 250)", program: options.program)
    while let (position, fault, seed) = take() {
      let result = Result { () throws -> FaultRecord in
        let stand = try FaultStand(fault, seed: seed, in: place)
        defer { stand.stop() }
        return try stand.run()
      }
      lock.withLock {
        tallies[position].add(result, seed: seed)
        while told < tallies.count, tallies[told].runs == Int(options.seeds) {
          tell(tallies[told])
          told += 1
        }
      }
    }
  }

  private func take() -> (position: Int, fault: Fault, seed: UInt64)? {
    lock.withLock {
      let (position, seed) = next.quotientAndRemainder(dividingBy: Int(options.seeds))
      guard position < tallies.count else { return nil }
      next += 1
      return (position, tallies[position].fault, options.firstSeed + UInt64(seed))
    }
  }
}

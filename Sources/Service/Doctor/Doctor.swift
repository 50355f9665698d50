/// Examines endpoints, several at a time, and says what is wrong with each.
package final class Doctor: @unchecked Sendable {
  /// Signalled when all is examined.
  package let isDone = WakeUp()

  private let settings: DoctorSettings
  private let calls: DoctorCalls
  private let interruption = Interruption()
  private let witness: ServiceWitness?
  private let lock = Lock()
  private var endpoints: [EndpointConfiguration] = []
  private var examinations: [EndpointExamination] = []
  private var nextEndpoint = 0
  private var running = 0
  private var isComplete = false
  private var threads: [WorkerThread] = []

  /// A doctor at rest.
  package init(_ settings: DoctorSettings) throws(HTTPClientError) {
    self.settings = settings
    calls = try DoctorCalls(
      timeout: settings.timeout, engineSecurity: settings.engineSecurity,
      interruption: interruption)
    witness = settings.witness.map { [calls, interruption] in
      ServiceWitness($0, calls: calls, interruption: interruption)
    }
    calls.start()
  }

  /// The endpoints that the running indexer follows.
  package func followedEndpoints() throws -> [EndpointConfiguration] {
    do {
      return try witness?.endpoints() ?? []
    } catch {
      throw ServiceWitness.Failure(
        description: "the indexer can't be asked: \(error). See that it runs, and compare --server "
          + "with its --listen, and --token-file with its own")
    }
  }

  /// Begins to examine `endpoints`; once.
  package func start(_ endpoints: [EndpointConfiguration]) {
    let count = min(max(settings.parallelMax, 1), endpoints.count)
    lock.withLock {
      precondition(threads.isEmpty, "the doctor was started before")
      self.endpoints = endpoints
      examinations = endpoints.map {
        EndpointExamination(endpoint: $0.name, address: $0.authority)
      }
      running = count
      isComplete = count == 0
      threads = (0..<count).map { _ in WorkerThread(name: "doctor") { self.run() } }
    }
    if count == 0 { isDone.signal() }
  }

  /// Ends what is under way, and waits until it has ended.
  package func stop() {
    interruption.stop()
    calls.stop()
    for thread in lock.withLock({ threads }) { thread.join() }
  }

  /// What is found out by now.
  package var report: DoctorReport {
    lock.withLock { DoctorReport(endpoints: examinations, isComplete: isComplete) }
  }

  private func run() {
    while let index = takeNext() {
      let endpoint = lock.withLock { endpoints[index] }
      Examination(
        endpoint, settings: settings, calls: calls, interruption: interruption, witness: witness
      ) { [self] finding in
        lock.withLock { examinations[index].findings.append(finding) }
      }.run()
    }
    let isLast = lock.withLock {
      running -= 1
      if running == 0 { isComplete = !interruption.isStopped }
      return running == 0
    }
    if isLast { isDone.signal() }
  }

  private func takeNext() -> Int? {
    lock.withLock {
      guard !interruption.isStopped, nextEndpoint < endpoints.count else { return nil }
      nextEndpoint += 1
      return nextEndpoint - 1
    }
  }
}

import KVIndexer
import Simulation

/// Steps a simulated engine on a thread of its own, and answers those who wait for it.
///
/// As in vLLM, a step's events and results leave the engine when the step is over, the events
/// first: what a client learns from its answer was given to libzmq before.
final class EngineLoop: @unchecked Sendable {
  private enum Phase {
    case serving
    /// Takes no more requests, and ends when there are none.
    case draining
    /// Whoever waits gets no answer.
    case dead
  }

  private let condition = ConditionLock()
  private let publisher: EventPublisher
  private let stepTime: StepTime
  private let encoder: EventEncoder
  private let publishesEvents: Bool

  // Under the condition's lock:
  private var phase = Phase.serving
  private var engine: SimulatedEngine
  /// Requests that somebody waits for, nil until they are finished.
  private var awaited: [EngineRequestID: FinishedRequest?] = [:]
  /// Requests whose every token somebody wants to be told of.
  private var followed: [EngineRequestID: FollowedRequests] = [:]
  /// Requests that the current step finishes: the engine has let go of them, their clients wait.
  private var finishing = 0
  private var events = PublishedEvents()
  /// It makes no step until it is woken up.
  private var sleeps = false
  private var thread: WorkerThread?

  /// Starts the thread.
  init(
    _ engine: SimulatedEngine, stepTime: StepTime, publisher: EventPublisher,
    features: SimulatedFeatures = SimulatedFeatures()
  ) {
    encoder = EventEncoder(generation: features.generation)
    publishesEvents = features.publishesEvents
    self.engine = engine
    self.stepTime = stepTime
    self.publisher = publisher
    condition.withLock { thread = WorkerThread(name: "engine") { self.run() } }
  }

  // MARK: For other threads

  /// Submits `requests` together, and waits until all of them are finished.
  ///
  /// - Returns: Their results in the same order.
  func finish(_ requests: [EngineRequest]) throws(EngineLoopError) -> [FinishedRequest] {
    let result = condition.withLock { () -> Result<[FinishedRequest], EngineLoopError> in
      guard phase == .serving else { return .failure(.dead) }
      do throws(SubmissionError) {
        var ids: [EngineRequestID] = []
        let now = Duration.nanoseconds(MonotonicClock.nowNanoseconds())
        for request in requests { ids.append(try engine.submit(request, now: now)) }
        for id in ids { awaited.updateValue(nil, forKey: id) }
        condition.broadcast()
        return results(of: ids)
      } catch {
        return .failure(.refused(error))
      }
    }
    return try result.get()
  }

  /// Submits `requests` together, and tells of their progress as it is made.
  ///
  /// - Parameter onProgress: Called on the engine's thread, in order, until it has said the end;
  ///   it may not wait, and not call back.
  func follow(
    _ requests: [EngineRequest], onProgress: @escaping @Sendable (EngineProgress) -> Void
  ) throws(EngineLoopError) {
    let result = condition.withLock { () -> Result<Void, EngineLoopError> in
      guard phase == .serving else { return .failure(.dead) }
      do throws(SubmissionError) {
        var ids: [EngineRequestID] = []
        let now = Duration.nanoseconds(MonotonicClock.nowNanoseconds())
        for request in requests { ids.append(try engine.submit(request, now: now)) }
        let group = FollowedRequests(ids, onProgress)
        for id in ids { followed[id] = group }
        condition.broadcast()
        return .success(())
      } catch {
        return .failure(.refused(error))
      }
    }
    try result.get()
  }

  /// Empties the prefix cache; false, and nothing happens, while requests use it.
  func resetPrefixCache() -> Bool {
    condition.withLock { finishing == 0 && engine.resetPrefixCache() }
  }

  /// Gives the cache's memory away, and serves nothing until `wakeUp`; false, and nothing happens,
  /// while requests use the cache.
  ///
  /// As in vLLM, nothing is published of it before the next step.
  func sleep() -> Bool {
    condition.withLock {
      guard finishing == 0, engine.resetPrefixCache() else { return false }
      sleeps = true
      return true
    }
  }

  func wakeUp() {
    condition.withLock {
      sleeps = false
      condition.broadcast()
    }
  }

  var isAsleep: Bool { condition.withLock { sleeps } }

  /// What the engine's metrics say now, and what it has published.
  func status() -> (counters: EngineCounters, events: PublishedEvents) {
    condition.withLock {
      var counters = engine.counters
      counters.requestsRunning += finishing
      return (counters, events)
    }
  }

  /// Finishes what was submitted, and ends the thread.
  func drain() { end(.draining) }

  /// Ends the thread at once; whoever waits is told that the engine is dead.
  func kill() { end(.dead) }

  private func end(_ phase: Phase) {
    let thread = condition.withLock {
      if self.phase != .dead { self.phase = phase }
      condition.broadcast()
      return self.thread
    }
    thread?.join()
    condition.withLock {
      self.phase = .dead
      for group in followed.values { group.die() }
      followed = [:]
      condition.broadcast()
    }
  }

  /// Waits for requests; to be called with the lock held.
  private func results(
    of ids: [EngineRequestID]
  ) -> Result<[FinishedRequest], EngineLoopError> {
    defer { for id in ids { awaited.removeValue(forKey: id) } }
    while true {
      let finished = ids.compactMap { awaited[$0] ?? nil }
      if finished.count == ids.count { return .success(finished) }
      if phase == .dead { return .failure(.dead) }
      condition.wait()
    }
  }

  // MARK: On the thread

  private func run() {
    while let step = nextStep() {
      publish(step.events)
      condition.withLock {
        for request in step.finished where awaited.keys.contains(request.id) {
          awaited[request.id] = .some(request)
        }
        for token in step.sampled { followed[token.request]?.sampled(token) }
        for request in step.finished {
          followed.removeValue(forKey: request.id)?.finished(request)
        }
        finishing = 0
        condition.broadcast()
      }
    }
  }

  /// Waits for work, performs a step, and lets the time of the step pass; nil at the end.
  private func nextStep() -> EngineStep? {
    condition.withLock {
      while engine.isIdle || sleeps, phase == .serving { condition.wait() }
      guard !engine.isIdle, phase != .dead else { return nil }
      let start = MonotonicClock.nowNanoseconds()
      let step = engine.step(now: .nanoseconds(start))
      finishing = step.finished.count
      let time = stepTime.duration(tokens: step.scheduledTokens)
      let end = start + UInt64(time / .nanoseconds(1))
      // Submissions broadcast too, and wait for the next step.
      while phase != .dead, condition.wait(untilNanoseconds: end) {}
      return phase == .dead ? nil : step
    }
  }

  private func publish(_ blockEvents: [BlockEvent]) {
    guard publishesEvents, !blockEvents.isEmpty else { return }
    let batch = EngineBatch(
      timestamp: WallClock.seconds(), events: blockEvents.map { EngineEvent($0) })
    publisher.publish(encoder.encode(batch), events: batch.events)
    publisher.flush()
    condition.withLock { events.count(blockEvents) }
  }
}

/// Why requests are not finished.
enum EngineLoopError: Error {
  case refused(SubmissionError)
  case dead
}

/// How requests that were submitted together get on.
enum EngineProgress: Sendable {
  /// One of them, by its place, has a token more.
  case sampled(place: Int, TokenID)
  /// All of them are finished, in their order. Last.
  case finished([FinishedRequest])
  /// The engine died before that. Last.
  case dead
}

/// Requests whose progress somebody is told of; belongs to the loop's lock.
private final class FollowedRequests {
  private let places: [EngineRequestID: Int]
  private var results: [FinishedRequest] = []
  private let onProgress: @Sendable (EngineProgress) -> Void
  private var isOver = false

  init(_ ids: [EngineRequestID], _ onProgress: @escaping @Sendable (EngineProgress) -> Void) {
    places = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
    self.onProgress = onProgress
  }

  func sampled(_ token: SampledToken) {
    guard let place = places[token.request] else { return }
    onProgress(.sampled(place: place, token.token))
  }

  func finished(_ result: FinishedRequest) {
    results.append(result)
    guard results.count == places.count else { return }
    end(.finished(results.sorted { $0.id < $1.id }))
  }

  func die() { end(.dead) }

  private func end(_ progress: EngineProgress) {
    guard !isOver else { return }
    isOver = true
    onProgress(progress)
  }
}

/// What an engine has announced since it started.
package struct PublishedEvents: Sendable, Equatable {
  /// Messages, which is also the sequence of the next one.
  package var batches = 0
  package var events = 0
  package var blocksStored = 0
  package var blocksRemoved = 0

  fileprivate mutating func count(_ batch: [BlockEvent]) {
    batches += 1
    events += batch.count
    for event in batch {
      switch event {
      case .stored(let run): blocksStored += run.hashes.count
      case .removed: blocksRemoved += 1
      case .cleared: break
      }
    }
  }
}

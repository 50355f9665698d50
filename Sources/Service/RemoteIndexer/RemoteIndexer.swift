package import Tokenize

/// Asks another process's indexer what endpoints hold of prompts.
///
/// Every question is answered by its deadline, with a score or with why there is none. After faults
/// in a row nothing is asked until the indexer answers a trial, so that its end costs requests no
/// time. The thread runs from the initialiser until `stop`.
package final class RemoteIndexer: @unchecked Sendable {
  package typealias Completion =
    @Sendable (Result<RemoteScore, RemoteIndexerFailure>) -> Void

  package struct Settings: Sendable {
    /// `http://…`, `https://…` or `unix:/path`.
    package var server: HTTPClient.Server
    package var security = HTTPClient.Security()
    package var connectTimeout = Duration.seconds(1)
    /// How long a trial may take.
    package var trialTimeout = Duration.seconds(1)
    /// Questions at a time.
    package var callsMax = 256
    package var answerBytesMax = 16 << 20
    package var breaker = CircuitBreaker.Settings()

    package init(server: HTTPClient.Server) { self.server = server }
  }

  /// What asking counts.
  package final class Metrics: Sendable {
    package let answers = Counter()
    /// Questions without an answer, by reason.
    package let failures = Labelled<RemoteIndexerFailure.Kind, Counter> { Counter() }
    /// From the question to its parsed answer, of those that were answered.
    package let latency = Histogram(bounds: Histogram.latencySeconds)
  }

  package let metrics = Metrics()
  private let settings: Settings
  private let log: Log
  private let transfers: HTTPTransfers
  private let lock = Lock()
  private var breaker: CircuitBreaker

  /// Starts the thread; nothing is asked yet.
  ///
  /// - Throws: `HTTPClientError` when libcurl does not start.
  package init(settings: Settings, log: Log) throws(HTTPClientError) {
    self.settings = settings
    self.log = log
    var limits = HTTPTransfers.Limits()
    limits.transfersMax = settings.callsMax
    limits.waitingMax = settings.callsMax
    limits.connectTimeout = settings.connectTimeout
    limits.bodyBytesMax = settings.answerBytesMax
    transfers = try HTTPTransfers(limits: limits)
    breaker = CircuitBreaker(settings.breaker)
    transfers.start(name: "remote-indexer") { [self] now in tick(at: now) }
  }

  /// Fails every question that waits, and ends the thread; not to be called from a completion.
  package func stop() { transfers.stop() }

  /// Whether questions are asked at all now.
  package var isClosed: Bool { lock.withLock { breaker.isClosed } }

  /// Asks, and calls `completion` once, by the deadline.
  ///
  /// - Parameters:
  ///   - deadline: In nanoseconds of `MonotonicClock`.
  ///   - completion: Called at once where the question can't be asked, else on the thread; it has
  ///     to be quick.
  package func score(
    _ query: RemoteQuery, deadline: UInt64, completion: @escaping Completion
  ) {
    let start = MonotonicClock.nowNanoseconds()
    guard isClosed else {
      return fail(
        RemoteIndexerFailure(.open, "the indexer failed and is not asked for now"), completion)
    }
    let milliseconds = deadline > start ? Int((deadline - start) / 1_000_000) : 0
    guard milliseconds > 0 else {
      return fail(RemoteIndexerFailure(.timedOut, "there is no time left"), completion)
    }
    let range = ScoreRequest.deadlineRange
    let body = query.body(milliseconds: min(max(milliseconds, range.lowerBound), range.upperBound))
    ask(body, deadline: deadline) { [self] result in
      record(result)
      switch result {
      case .success(let score):
        metrics.answers.add()
        metrics.latency.observe(Double(MonotonicClock.nowNanoseconds() - start) / 1e9)
        completion(.success(score))
      case .failure(let failure): fail(failure, completion)
      }
    }
  }

  private func fail(_ failure: RemoteIndexerFailure, _ completion: Completion) {
    metrics.failures[failure.kind].add()
    completion(.failure(failure))
  }

  private func ask(_ body: [UInt8], deadline: UInt64, completion: @escaping Completion) {
    var call = HTTPCall(settings.server, post: "/v1/score", json: body)
    call.security = settings.security
    do throws(HTTPClientError) {
      try transfers.send(call, deadline: deadline) { result in
        completion(Self.score(result))
      }
    } catch {
      completion(.failure(RemoteIndexerFailure(error)))
    }
  }

  private static func score(
    _ result: Result<HTTPClient.Reply, HTTPClientError>
  ) -> Result<RemoteScore, RemoteIndexerFailure> {
    switch result {
    case .failure(let error): return .failure(RemoteIndexerFailure(error))
    case .success(let reply):
      guard reply.status == 200 else {
        return .failure(RemoteIndexerFailure(status: reply.status))
      }
      do throws(JSONError) {
        return .success(try RemoteScore(parsing: reply.body))
      } catch {
        return .failure(RemoteIndexerFailure(.badAnswer, "\(error)"))
      }
    }
  }

  // MARK: The breaker

  private func record(_ result: Result<RemoteScore, RemoteIndexerFailure>) {
    let (outcome, failure) = Self.outcome(result)
    guard let outcome else { return }
    let hasOpened = lock.withLock {
      let wasClosed = breaker.isClosed
      breaker.record(outcome, at: MonotonicClock.nowNanoseconds())
      return wasClosed && !breaker.isClosed
    }
    if hasOpened {
      log(.warning, "the remote indexer is not asked for now: \(failure?.description ?? "")")
      transfers.wake()
    }
  }

  private static func outcome(
    _ result: Result<RemoteScore, RemoteIndexerFailure>
  ) -> (CircuitBreaker.Outcome?, RemoteIndexerFailure?) {
    switch result {
    case .success: (.success, nil)
    case .failure(let failure): (failure.evidence, failure)
    }
  }

  /// Begins a trial when one is due; returns when the next one is.
  private func tick(at now: UInt64) -> UInt64? {
    let (isDue, next) = lock.withLock {
      let isDue = !breaker.isClosed && breaker.beginTrial(at: now)
      return (isDue, breaker.retryAt)
    }
    if isDue { beginTrial(at: now) }
    return next
  }

  private func beginTrial(at now: UInt64) {
    let body = RemoteQuery(.tokens([0])).body(milliseconds: 1000)
    ask(body, deadline: now + settings.trialTimeout.wholeNanoseconds) { [self] result in
      let (outcome, failure) = Self.outcome(result)
      let hasClosed = lock.withLock {
        // One that says only that it is busy is there.
        breaker.endTrial(
          outcome ?? (failure?.kind == .overloaded ? .success : .fault),
          at: MonotonicClock.nowNanoseconds())
        return breaker.isClosed
      }
      if hasClosed { log(.info, "the remote indexer answers again") }
      transfers.wake()
    }
  }
}

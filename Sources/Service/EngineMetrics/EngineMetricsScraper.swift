package import EPPScorer
import Tokenize

/// Reads the metrics of all endpoints, each as often as it is worth, and notices who is gone.
///
/// All is done by one thread, which runs from the initialiser until `stop`. What was read is had
/// from `EngineReading`, of which each endpoint has one.
package final class EngineMetricsScraper: @unchecked Sendable {
  package struct Settings: Sendable {
    /// The shortest time between two reads of an endpoint.
    package var interval = Duration.milliseconds(50)
    /// The time between two reads of an endpoint where nothing happens.
    package var intervalMax = Duration.seconds(1)
    package var timeout = Duration.seconds(1)
    /// The age at which numbers are stale, unless three reads in a row would take longer.
    package var staleAfter = Duration.milliseconds(200)
    package var security = HTTPClient.Security()
    package var pageBytesMax = 16 << 20

    package init() {}

    /// What a plan's source of metrics asks for.
    ///
    /// - Parameter interval: Where the source does not say.
    package init(_ source: MetricsDataSource, interval: Duration = .milliseconds(50)) {
      self.interval = source.interval ?? interval
      intervalMax = max(intervalMax, self.interval)
      security.verifiesServer = !source.insecureSkipVerify
      security.authorityFile = source.caFile
      security.certificateFile = source.clientCertificateFile
      security.keyFile = source.clientKeyFile
    }

    var pace: ScrapePace.Settings {
      var pace = ScrapePace.Settings()
      pace.intervalMin = interval
      pace.intervalMax = intervalMax
      return pace
    }
  }

  package let metrics = ScrapeMetrics()
  private let settings: Settings
  private let log: Log
  private let transfers: HTTPTransfers
  private let lock = Lock()
  private var state: ScrapeState

  /// Starts the thread; there is nothing to read yet.
  ///
  /// - Throws: `HTTPClientError` when libcurl does not start.
  package init(settings: Settings = Settings(), log: Log) throws(HTTPClientError) {
    self.settings = settings
    self.log = log
    var limits = HTTPTransfers.Limits()
    limits.waitingMax = 4096
    limits.connectionsPerServerMax = 4
    limits.connectTimeout = settings.timeout
    limits.bodyBytesMax = settings.pageBytesMax
    transfers = try HTTPTransfers(limits: limits)
    state = ScrapeState(settings, metrics)
    transfers.start(name: "engine-metrics") { [self] now in tick(at: now) }
  }

  /// Ends all reads and the thread.
  package func stop() { transfers.stop() }

  /// Says which endpoints there are; those that are new or somewhere else are read at once.
  ///
  /// One of the same name keeps its `EngineReading`. Ids are unique.
  package func setEndpoints(_ targets: [ScrapeTarget]) {
    lock.withLock { state.replace(with: targets, at: MonotonicClock.nowNanoseconds()) }
    transfers.wake()
  }

  /// What is known of an endpoint, now and later; nil when there is none of that name.
  package func reading(of id: EndpointID) -> EngineReading? {
    lock.withLock { state.reading(of: id) }
  }

  /// What is known of an endpoint now.
  package func snapshot(_ id: EndpointID) -> EngineSnapshot? { reading(of: id)?.snapshot }

  /// Endpoints by the name of their health.
  package var healthCounts: [String: Int] { lock.withLock { state.healthCounts } }

  /// Says how many requests of ours are under way at an endpoint: a busy one is read more often.
  package func noteInFlight(_ id: EndpointID, _ count: Int) {
    let isEarlier = lock.withLock {
      state.noteInFlight(id, count, at: MonotonicClock.nowNanoseconds())
    }
    if isEarlier { transfers.wake() }
  }

  /// Says that an endpoint's engine may be gone: it is looked at now, and down if that fails.
  package func noteFailure(_ id: EndpointID) {
    let isEarlier = lock.withLock {
      state.noteFailure(id, at: MonotonicClock.nowNanoseconds())
    }
    if isEarlier { transfers.wake() }
  }

  // MARK: The thread

  private func tick(at now: UInt64) -> UInt64? {
    let (jobs, next) = lock.withLock { (state.beginDue(at: now), state.nextAt) }
    for job in jobs { read(job) }
    return next
  }

  private func read(_ job: ScrapeState.Job) {
    var call = HTTPCall(job.target.server, path: job.target.path)
    call.method = "GET"
    call.headers = [(name: "Accept", value: "text/plain")]
    call.security = settings.security
    do throws(HTTPClientError) {
      try transfers.send(call, deadline: job.startedAt + settings.timeout.wholeNanoseconds) {
        [self] result in end(job, result)
      }
    } catch {
      end(job, .failure(error))
    }
  }

  private func end(_ job: ScrapeState.Job, _ result: Result<HTTPClient.Reply, HTTPClientError>) {
    let outcome: ScrapeState.Outcome
    switch result {
    case .success(let reply) where reply.status == 200:
      metrics.bytes.add(reply.body.count)
      outcome = .page(job.reader.read(reply.body))
    case .success(let reply): outcome = .status(reply.status)
    case .failure(let error): outcome = .failed(error)
    }
    let notices = lock.withLock {
      state.end(job, outcome, at: MonotonicClock.nowNanoseconds())
    }
    for notice in notices { log(notice.level, notice.text) }
  }
}

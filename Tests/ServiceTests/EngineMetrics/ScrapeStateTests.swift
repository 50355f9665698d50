import EPPScorer
import Simulation
import Testing

@testable import Service

/// A state and its clock, in milliseconds.
private final class Scraping {
  let metrics = ScrapeMetrics()
  private var state: ScrapeState
  var now: UInt64 = 0

  init(_ targets: [ScrapeTarget]) {
    state = ScrapeState(EngineMetricsScraper.Settings(), metrics)
    state.replace(with: targets, at: 0)
  }

  /// When something is due.
  var next: UInt64? { state.nextAt.map { $0 / 1_000_000 } }
  var healthCounts: [String: Int] { state.healthCounts }

  func replace(with targets: [ScrapeTarget]) { state.replace(with: targets, at: now * 1_000_000) }
  func reading(of id: EndpointID) -> EngineReading? { state.reading(of: id) }
  func begin() -> [ScrapeState.Job] { state.beginDue(at: now * 1_000_000) }

  func end(_ job: ScrapeState.Job, _ outcome: ScrapeState.Outcome) -> [String] {
    state.end(job, outcome, at: now * 1_000_000).map(\.text)
  }

  func noteInFlight(_ id: EndpointID, _ count: Int) -> Bool {
    state.noteInFlight(id, count, at: now * 1_000_000)
  }

  func noteFailure(_ id: EndpointID) -> Bool { state.noteFailure(id, at: now * 1_000_000) }

  /// Reads once when it is due; returns what there is to say, and the pause until the next read.
  func read(
    took: UInt64 = 1, _ outcome: ScrapeState.Outcome
  ) throws -> (pause: UInt64, notices: [String]) {
    now = max(now, try #require(next))
    let job = try #require(begin().first)
    now += took
    let notices = end(job, outcome)
    return (try #require(next) - now, notices)
  }
}

@Suite struct ScrapeStateTests {
  private let a = EndpointID(namespace: "default", name: "a")

  private func target(_ name: String = "a", port: Int = 1) -> ScrapeTarget {
    ScrapeTarget(
      id: EndpointID(namespace: "default", name: name), server: .url("http://h:\(port)"),
      engine: EngineMetrics.builtIn[0])
  }

  private func page(_ running: Int) -> ScrapeState.Outcome {
    var report = EngineReport()
    report.runningRequests = running
    report.seriesCount = 1
    return .page(report)
  }

  private func failed(_ kind: HTTPClientError.Kind) -> ScrapeState.Outcome {
    .failed(HTTPClientError(kind, "no luck"))
  }

  @Test func `an idle endpoint is read less and less often, a changing one quickly`() throws {
    let scraping = Scraping([target()])
    var pauses: [UInt64] = []
    for running in [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 2] {
      pauses.append(try scraping.read(page(running)).pause)
    }
    #expect(pauses == [50, 100, 200, 400, 800, 1000, 1000, 1000, 50, 50, 100, 200])
  }

  @Test func `requests of ours have it read at once, and quickly while they last`() throws {
    let scraping = Scraping([target()])
    for _ in 0..<8 { _ = try scraping.read(page(0)) }
    let ended = scraping.now
    scraping.now += 7
    #expect(scraping.noteInFlight(a, 1))
    // No sooner than the shortest pause after the last read.
    #expect(scraping.next == ended + 50)
    #expect(!scraping.noteInFlight(a, 2))
    for _ in 0..<3 {
      #expect(try scraping.read(page(0)).pause == 50)
    }
    #expect(!scraping.noteInFlight(a, 0))
    #expect(try scraping.read(page(0)).pause == 100)
  }

  @Test func `a slow endpoint gets ten times as long a pause`() throws {
    let scraping = Scraping([target()])
    #expect(try scraping.read(took: 300, page(1)).pause == 3000)
    #expect(try scraping.read(took: 3, page(2)).pause == 50)
    #expect(try scraping.read(took: 40, page(3)).pause == 400)
  }

  @Test func `two broken connections in a row are down at once, one answer is up`() throws {
    let scraping = Scraping([target()])
    let reading = try #require(scraping.reading(of: a))
    _ = try scraping.read(page(5))
    #expect(reading.snapshot.health == .up)
    var (pause, notices) = try scraping.read(failed(.connect))
    #expect(pause == 50)
    #expect(notices.isEmpty)
    #expect(reading.snapshot.health == .up)
    (pause, notices) = try scraping.read(failed(.transfer))
    #expect(pause == 1000)
    #expect(notices == ["endpoint default/a is down: no luck"])
    #expect(reading.snapshot.health == .down(.unreachable))
    #expect(reading.snapshot.report.runningRequests == 5)
    #expect(!reading.load(at: scraping.now * 1_000_000).isStale)
    #expect(reading.load(at: (scraping.now + 200) * 1_000_000).isStale)
    #expect(try scraping.read(failed(.connect)).notices.isEmpty)
    #expect(try scraping.read(page(0)).notices == ["endpoint default/a is up again"])
    #expect(reading.snapshot.health == .up)
    #expect(!reading.load(at: scraping.now * 1_000_000).isStale)
    #expect(scraping.metrics.pollErrors == 3)
  }

  @Test func `three timeouts in a row are down, two are not`() throws {
    let scraping = Scraping([target()])
    let reading = try #require(scraping.reading(of: a))
    for outcome in [failed(.timedOut), failed(.timedOut), page(0)]
      + (0..<2).map({ _ in
        failed(.timedOut)
      })
    {
      _ = try scraping.read(took: 1000, outcome)
    }
    #expect(reading.snapshot.health == .up)
    #expect(try scraping.read(took: 1000, failed(.timedOut)).notices.count == 1)
    #expect(reading.snapshot.health == .down(.timedOut))
  }

  @Test(arguments: [502, 503, 504]) func `a proxy that has lost its engine is no answer`(
    _ status: Int
  ) throws {
    let scraping = Scraping([target()])
    _ = try scraping.read(.status(status))
    let notices = try scraping.read(.status(status)).notices
    #expect(notices == ["endpoint default/a is down: status \(status)"])
  }

  @Test func `without metrics an endpoint is up, its load unknown, and that is said once`() throws {
    let scraping = Scraping([target()])
    let reading = try #require(scraping.reading(of: a))
    var (pause, notices) = try scraping.read(.status(404))
    #expect(pause == 1000)
    #expect(
      notices == [
        "the metrics of endpoint default/a at http://h:1/metrics are refused with status 404; "
          + "its load is unknown"
      ])
    #expect(reading.snapshot.health == .up)
    #expect(reading.load(at: 0).isStale)
    #expect(reading.load(at: 0).runningRequests == nil)
    #expect(try scraping.read(.status(404)).notices.isEmpty)
    #expect(!scraping.noteInFlight(a, 3))
    notices = try scraping.read(.page(EngineReport())).notices
    #expect(notices.first?.contains("none of the series of an engine of the kind 'vllm'") == true)
    (pause, notices) = try scraping.read(page(1))
    #expect(pause == 50)
    #expect(notices.isEmpty)
    #expect(try scraping.read(.status(404)).notices.count == 1)
  }

  @Test(arguments: [HTTPClientError.Kind.untrusted, .overloaded, .badURL])
  func `what tells nothing of the engine does not change its health`(
    _ kind: HTTPClientError.Kind
  ) throws {
    let scraping = Scraping([target()])
    for _ in 0..<5 { _ = try scraping.read(failed(kind)) }
    #expect(scraping.reading(of: a)?.snapshot.health == .unknown)
    #expect(scraping.healthCounts == ["unknown": 1])
  }

  @Test func `a report of a failure has it looked at now, also after the read under way`() throws {
    let scraping = Scraping([target()])
    for _ in 0..<8 { _ = try scraping.read(page(0)) }
    scraping.now += 200
    #expect(scraping.noteFailure(a))
    #expect(scraping.next == scraping.now)
    #expect(!scraping.noteFailure(a))
    let job = try #require(scraping.begin().first)
    #expect(!scraping.noteFailure(a))
    #expect(scraping.end(job, page(0)).isEmpty)
    #expect(scraping.next == scraping.now + 50)
    #expect(scraping.metrics.hastened.value == 1)
  }

  @Test func `an endpoint that moved is unknown again, and late answers do not count`() throws {
    let scraping = Scraping([target()])
    let reading = try #require(scraping.reading(of: a))
    let late = try #require(scraping.begin().first)
    scraping.now = 5
    scraping.replace(with: [target("a", port: 2), target("b")])
    #expect(scraping.end(late, page(9)).isEmpty)
    #expect(reading.snapshot == EngineSnapshot())
    #expect(scraping.reading(of: a) === reading)
    let jobs = scraping.begin()
    #expect(Set(jobs.map(\.target.id.name)) == ["a", "b"])
    for job in jobs { #expect(scraping.end(job, page(1)).isEmpty) }
    #expect(reading.snapshot.health == .up)
    scraping.replace(with: [target("b")])
    #expect(reading.snapshot.health == .unknown)
    #expect(scraping.reading(of: a) == nil)
    #expect(!scraping.noteFailure(a))
    scraping.now = 5000
    #expect(scraping.begin().map(\.target.id.name) == ["b"])
  }

  @Test(arguments: TestSeeds.upTo(30))
  func `whatever happens, an endpoint is read by one call at a time and never forgotten`(
    _ seed: UInt64
  ) throws {
    var random = SplitMix64(seed: seed)
    let scraping = Scraping((0..<5).map { target("\($0)") })
    var underWay: [String: ScrapeState.Job] = [:]
    for _ in 0..<2000 {
      scraping.now += UInt64(random.below(200))
      for job in scraping.begin() {
        #expect(underWay.updateValue(job, forKey: job.target.id.name) == nil)
      }
      let id = EndpointID(namespace: "default", name: "\(random.below(5))")
      switch random.below(8) {
      case 0: _ = scraping.noteFailure(id)
      case 1: _ = scraping.noteInFlight(id, random.below(3))
      default:
        guard let (name, job) = underWay.randomElement(using: &random) else { break }
        underWay[name] = nil
        let outcomes = [
          page(random.below(3)), .status([404, 503, 401][random.below(3)]), failed(.timedOut),
          failed(.connect), .page(EngineReport()),
        ]
        _ = scraping.end(job, outcomes[random.below(outcomes.count)])
      }
    }
    // No pause is longer than this.
    scraping.now += 10_000_000
    #expect(scraping.begin().count + underWay.count == 5)
  }
}

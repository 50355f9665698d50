import EPPScorer

/// Which endpoints' metrics are read when, and what is known of each.
///
/// A value without I/O: it is told what happened and when, and its owner reads what it then wants
/// read. An endpoint is read by one call at a time.
struct ScrapeState {
  /// A read to be made.
  struct Job: Sendable {
    var target: ScrapeTarget
    var reader: EngineMetricsReader
    /// Tells it from reads of an endpoint of the same name that was listed before.
    var generation: UInt64
    var startedAt: UInt64
  }

  /// How a read ended.
  enum Outcome: Sendable {
    case page(EngineReport)
    case status(Int)
    case failed(HTTPClientError)
  }

  /// Something that operators should know.
  struct Notice: Equatable {
    var level: Log.Level
    var text: String
  }

  struct Member {
    let target: ScrapeTarget
    let reader: EngineMetricsReader
    let reading: EngineReading
    let generation: UInt64
    var pace: ScrapePace
    var health = HealthTracker()
    /// When it is read next; what the timers say besides is out of date.
    var dueAt: UInt64
    /// When the last read ended.
    var endedAt: UInt64 = 0
    var isReading = false
    /// Whether it is to be read again as soon as the read under way ends.
    var isHastened = false
    var inFlight = 0
    /// Why there are no numbers although it answers; told once.
    var complaint: String?
  }

  struct Timer {
    var id: EndpointID
    var generation: UInt64
    var dueAt: UInt64
  }

  let settings: EngineMetricsScraper.Settings
  let metrics: ScrapeMetrics
  var members: [EndpointID: Member] = [:]
  var timers = DeadlineHeap<Timer>()
  private var nextGeneration: UInt64 = 0

  init(_ settings: EngineMetricsScraper.Settings, _ metrics: ScrapeMetrics) {
    self.settings = settings
    self.metrics = metrics
  }

  func reading(of id: EndpointID) -> EngineReading? { members[id]?.reading }

  /// When something is due; nil when nothing is.
  var nextAt: UInt64? { timers.earliest }

  // MARK: Membership

  /// Takes `targets` for all that there are; what is new or somewhere else is read at once.
  mutating func replace(with targets: [ScrapeTarget], at now: UInt64) {
    var before = members
    members = [:]
    for target in targets {
      let old = before.removeValue(forKey: target.id)
      if let old, old.target == target {
        members[target.id] = old
        continue
      }
      let reading = old?.reading ?? EngineReading(target.id)
      reading.update { $0 = EngineSnapshot() }
      nextGeneration += 1
      var member = Member(
        target: target, reader: EngineMetricsReader(target.engine), reading: reading,
        generation: nextGeneration, pace: ScrapePace(settings.pace), dueAt: now)
      member.inFlight = old?.inFlight ?? 0
      members[target.id] = member
      timers.insert(
        Timer(id: target.id, generation: member.generation, dueAt: now), at: now)
    }
    for gone in before.values { gone.reading.update { $0 = EngineSnapshot() } }
  }

  // MARK: Reads

  /// Begins the reads that are due.
  mutating func beginDue(at now: UInt64) -> [Job] {
    var jobs: [Job] = []
    while let timer = timers.popDue(at: now) {
      guard let member = members[timer.id], member.generation == timer.generation,
        member.dueAt == timer.dueAt, !member.isReading
      else { continue }
      members[timer.id]?.isReading = true
      jobs.append(
        Job(
          target: member.target, reader: member.reader, generation: member.generation,
          startedAt: now))
    }
    return jobs
  }

  mutating func schedule(_ member: inout Member, at dueAt: UInt64) {
    member.dueAt = dueAt
    timers.insert(
      Timer(id: member.target.id, generation: member.generation, dueAt: dueAt), at: dueAt)
  }

  /// Endpoints by the name of their health.
  var healthCounts: [String: Int] {
    members.values.reduce(into: [:]) { $0[$1.health.health.name, default: 0] += 1 }
  }
}

import Tokenize

/// Names a renderer for as long as it is in the pool; never given twice.
struct RendererID: Hashable, Sendable {
  var raw: UInt64
}

/// The renderers: which may be called, which is next, and which have to be examined.
///
/// A value without I/O: it is told what happened and when, and answers what changed.
struct RendererPool {
  struct Member {
    let id: RendererID
    let endpoint: RenderEndpoint
    var breaker: CircuitBreaker
    var speed = RendererSpeed()
    var status = RenderStatus.unprobed
    /// When it is to be examined; nil when there is no need.
    var probeAt: UInt64?
    var isProbing = false
    /// Kinds of requests that it has no path for, as older versions have not, and until when that
    /// is believed.
    var missing: [InferenceAPI: UInt64] = [:]

    func isReady(for api: InferenceAPI, at now: UInt64) -> Bool {
      breaker.isClosed && !lacks(api, at: now)
    }

    func lacks(_ api: InferenceAPI, at now: UInt64) -> Bool {
      !missing.isEmpty && missing[api] ?? 0 > now
    }
  }

  /// A renderer whose state became another one.
  struct Change {
    var name: String
    var old: RenderStatus
    var new: RenderStatus
  }

  private(set) var members: [Member] = []
  /// When the next examination is due, of all members.
  private(set) var nextProbeAt: UInt64?
  private let breakerSettings: CircuitBreaker.Settings
  private let probesMax: Int
  private var places: [RendererID: Int] = [:]
  /// Places of the members that serve a model, and of those that may serve any.
  private var placesByModel: [String: [Int]] = [:]
  private var placesOfAny: [Int] = []
  private var choice = RendererChoice()
  private var nextID: UInt64 = 0
  private var probing = 0

  init(_ breakerSettings: CircuitBreaker.Settings, probesMax: Int) {
    self.breakerSettings = breakerSettings
    self.probesMax = probesMax
  }

  var reports: [RendererReport] {
    members.map {
      RendererReport(name: $0.endpoint.name, status: $0.status, breaker: $0.breaker.phase)
    }
  }

  // MARK: Membership

  /// Takes `endpoints` for all that there are; new ones are examined, unchanged ones stay as they
  /// are.
  mutating func replace(with endpoints: [RenderEndpoint], at now: UInt64) {
    var known = Dictionary(
      members.map { ($0.endpoint, $0) }, uniquingKeysWith: { first, _ in first })
    members = endpoints.map { endpoint in
      if let member = known.removeValue(forKey: endpoint) { return member }
      defer { nextID += 1 }
      return Member(
        id: RendererID(raw: nextID), endpoint: endpoint, breaker: CircuitBreaker(breakerSettings),
        probeAt: now)
    }
    probing = members.count(where: \.isProbing)
    places = [:]
    placesByModel = [:]
    placesOfAny = []
    for (place, member) in members.enumerated() {
      places[member.id] = place
      if member.endpoint.models.isEmpty { placesOfAny.append(place) }
      for model in Set(member.endpoint.models) { placesByModel[model, default: []].append(place) }
    }
    for model in placesByModel.keys { placesByModel[model]? += placesOfAny }
    findNextProbe()
  }

  /// Has every member examined again.
  mutating func probeAll(at now: UInt64) {
    for place in members.indices { members[place].probeAt = now }
    findNextProbe()
  }

  private func places(serving model: String) -> [Int] { placesByModel[model] ?? placesOfAny }

  // MARK: Calls

  /// Chooses a renderer for `request` other than `excluded`.
  mutating func pick(
    for request: RenderRequest, excluding excluded: RendererID? = nil, at now: UInt64
  ) -> Member? {
    let places = places(serving: request.model)
    let members = members
    let index = choice.pick(
      of: places.count,
      isReady: {
        let member = members[places[$0]]
        return member.isReady(for: request.api, at: now) && member.id != excluded
      },
      estimate: { members[places[$0]].speed.estimate(at: now) })
    return index.map { members[places[$0]] }
  }

  /// Whether `pick` would find someone.
  func hasReady(for request: RenderRequest, at now: UInt64) -> Bool {
    places(serving: request.model).contains { members[$0].isReady(for: request.api, at: now) }
  }

  /// Why `pick` found nobody.
  func absence(for request: RenderRequest, at now: UInt64) -> RenderFailure {
    let places = places(serving: request.model)
    guard !places.isEmpty else { return .noRenderer(model: request.model) }
    if places.contains(where: {
      members[$0].breaker.isClosed && members[$0].lacks(request.api, at: now)
    }) {
      return .unsupported(request.api)
    }
    let member = members[places[0]]
    return .noneUsable("\(member.endpoint.name): \(member.status)")
  }

  /// Takes an answer that came after `latency` nanoseconds; one that was too late was no success.
  mutating func answered(
    _ id: RendererID, after latency: UInt64, isLate: Bool, at now: UInt64
  ) {
    guard let place = places[id] else { return }
    members[place].speed.observe(latency, at: now)
    if !isLate { members[place].breaker.record(.success, at: now) }
  }

  /// Takes a call for `api` that failed; what it took does not count as speed.
  mutating func failed(
    _ id: RendererID, _ failure: RenderFailure, _ api: InferenceAPI, at now: UInt64
  ) -> Change? {
    guard let place = places[id], let evidence = failure.evidence else { return nil }
    guard members[place].breaker.isClosed else { return nil }
    if failure == .disabled(status: 404), api != .completions {
      // Only this path may be missing: the examination of another one tells.
      members[place].missing[api] = now + breakerSettings.refusalBackOff.wholeNanoseconds
      members[place].probeAt = now
      findNextProbe()
      return nil
    }
    members[place].breaker.record(evidence, at: now)
    guard !members[place].breaker.isClosed else { return nil }
    members[place].probeAt = members[place].breaker.retryAt
    findNextProbe()
    return setStatus(RenderStatus(failure), at: place)
  }

  // MARK: Examinations

  /// Begins the examinations that are due, as many as there may be at a time.
  mutating func beginDueProbes(at now: UInt64) -> [Member] {
    guard let nextProbeAt, nextProbeAt <= now else { return [] }
    var begun: [Member] = []
    for place in members.indices where probing < probesMax {
      guard let probeAt = members[place].probeAt, probeAt <= now, !members[place].isProbing else {
        continue
      }
      // A change of endpoints does not hasten a breaker.
      if !members[place].breaker.beginTrial(at: now) {
        members[place].probeAt = members[place].breaker.retryAt
        continue
      }
      members[place].probeAt = nil
      members[place].isProbing = true
      probing += 1
      begun.append(members[place])
    }
    findNextProbe()
    return begun
  }

  /// Ends an examination that found `status`.
  mutating func endProbe(_ id: RendererID, _ status: RenderStatus, at now: UInt64) -> Change? {
    guard let place = places[id], members[place].isProbing else { return nil }
    members[place].isProbing = false
    probing -= 1
    members[place].breaker.endTrial(Self.outcome(status), at: now)
    // What was asked for meanwhile may find something else.
    let asked = members[place].probeAt
    members[place].probeAt = [asked, members[place].breaker.retryAt].compactMap(\.self).min()
    findNextProbe()
    return setStatus(status, at: place)
  }

  private static func outcome(_ status: RenderStatus) -> CircuitBreaker.Outcome {
    switch status {
    case .unprobed, .ready, .unverified: .success
    case .unreachable, .failing: .fault
    case .disabled, .unknownModel, .disagrees: .refusal
    }
  }

  private mutating func setStatus(_ status: RenderStatus, at place: Int) -> Change? {
    let old = members[place].status
    members[place].status = status
    // Particulars, such as a number of milliseconds, change with every try.
    guard old.name != status.name else { return nil }
    return Change(name: members[place].endpoint.name, old: old, new: status)
  }

  /// None while as many run as may: the end of one looks again.
  private mutating func findNextProbe() {
    nextProbeAt =
      probing < probesMax
      ? members.lazy.filter { !$0.isProbing }.compactMap(\.probeAt).min() : nil
  }
}

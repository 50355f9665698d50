/// The scheduling of one request, as its profile handler sees it.
public struct SchedulingRun: ~Copyable {
  /// A profile, and its scorers as its scores will name them.
  struct Prepared: Sendable {
    var profile: SchedulingPlan.Profile
    var scorers: [ProfileScores.Scorer]
    /// The index of its first plugin among the plan's `timedPlugins`.
    var firstPlugin: Int
  }

  private let prepared: [Prepared]
  private let deciders: [SchedulingPlan.Named<any Decider>]
  private let timer: (any PluginTimer)?
  var context: SchedulingContext

  init(
    prepared: [Prepared], deciders: [SchedulingPlan.Named<any Decider>],
    context: consuming SchedulingContext, timer: (any PluginTimer)?
  ) {
    self.prepared = prepared
    self.deciders = deciders
    self.context = context
    self.timer = timer
  }

  public var request: SchedulingRequest { context.request }
  public var candidates: [Candidate] { context.pool.candidates }

  /// Whether the plan has a profile of that name.
  public func has(profile name: String) -> Bool { prepared.contains { $0.profile.name == name } }

  /// Runs the plan's first profile.
  public mutating func runFirst() throws(SchedulingFailure) -> SchedulingResult.Profile {
    guard let first = prepared.first else { throw .refused("the plan has no profile") }
    return try run(first)
  }

  /// Runs the profile of that name: its filters, its scorers, its picker.
  public mutating func run(
    _ name: String
  ) throws(SchedulingFailure) -> SchedulingResult.Profile {
    guard let found = prepared.first(where: { $0.profile.name == name }) else {
      throw .refused("there is no profile '\(name)'")
    }
    return try run(found)
  }

  /// Whether a decider divides the request; not where there is no decider.
  ///
  /// - Parameter target: The candidate that will decode; nil when none has been picked yet.
  public func divides(decider name: String?, target: Int?) -> Bool {
    guard let name, let decider = deciders.first(where: { $0.name == name }) else { return false }
    return decider.plugin.divides(context.request, hit: target.map { context.hit(of: $0) })
  }

  private mutating func run(
    _ prepared: Prepared
  ) throws(SchedulingFailure) -> SchedulingResult.Profile {
    let profile = prepared.profile
    context.profile = profile.name
    var laps = PluginLaps(timer, from: prepared.firstPlugin)
    var kept = Array(context.pool.candidates.indices)
    for filter in profile.filters {
      context.plugin = filter.name
      filter.plugin.filter(&kept, in: &context)
      laps.lap()
      if kept.isEmpty { throw .filteredOut(profile: profile.name, filter: filter.name) }
    }
    let scores = score(kept, prepared, &laps)
    let picks = profile.picker.plugin.pick(scores.totals, random: &context.random)
    laps.lap()
    guard !picks.isEmpty else {
      throw .refused("'\(profile.picker.name)' picked nobody for profile '\(profile.name)'")
    }
    return SchedulingResult.Profile(
      name: profile.name, targets: picks.map { kept[$0] }, scores: scores)
  }

  private mutating func score(
    _ kept: [Int], _ prepared: Prepared, _ laps: inout PluginLaps
  ) -> ProfileScores {
    var totals = [Double](repeating: 0, count: kept.count)
    var parts: [Double] = []
    parts.reserveCapacity(kept.count * prepared.scorers.count)
    for scorer in prepared.profile.scorers {
      var scores = [Double](repeating: 0, count: kept.count)
      context.plugin = scorer.part.name
      scorer.part.plugin.score(kept, in: context, into: &scores)
      precondition(scores.count == kept.count, "'\(scorer.part.name)' scored \(scores.count)")
      for index in scores.indices {
        // A score that is not a number counts as 0.
        let part = scores[index] > 0 ? min(scores[index], 1) : 0
        totals[index] += part * scorer.weight
        parts.append(part)
      }
      laps.lap()
    }
    return ProfileScores(
      scorers: prepared.scorers, candidates: kept, totals: totals, parts: parts)
  }
}

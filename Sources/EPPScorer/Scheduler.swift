/// Runs a plan: says where a request goes, and learns from where it went.
///
/// Choosing changes nothing but the state of the random generator; what is learned is learned
/// afterwards, from the result, by `remember`. Time and memory are arguments.
public struct Scheduler: Sendable {
  public let plan: SchedulingPlan
  private let prepared: [SchedulingRun.Prepared]
  private let timer: (any PluginTimer)?
  private let learners: [(profile: String, part: SchedulingPlan.Named<any Learner>)]
  /// Headers that name the endpoint of a session, and the profile whose choice they name.
  private let sessionHeaders: [(header: String, profile: String)]

  /// A scheduler.
  ///
  /// - Parameters:
  ///   - plan: One without faults; what a fault names is refused when a request needs it.
  ///   - timer: Told how long plugins take; nil to measure nothing.
  public init(_ plan: SchedulingPlan, timer: (any PluginTimer)? = nil) {
    self.plan = plan
    self.timer = timer
    var pluginCount = 0
    prepared = plan.profiles.map { profile in
      defer { pluginCount += profile.timedPlugins.count }
      return SchedulingRun.Prepared(
        profile: profile,
        scorers: profile.scorers.map { .init(name: $0.part.name, weight: $0.weight) },
        firstPlugin: pluginCount)
    }
    learners = plan.profiles.flatMap { profile in
      profile.plugins.compactMap { part in
        (part.plugin as? any Learner).map { (profile.name, .init(part.name, $0)) }
      }
    }
    sessionHeaders = plan.profiles.flatMap { profile in
      profile.plugins.compactMap { part in
        guard let plugin = part.plugin as? any SessionKeeper,
          case .endpointHeader(let header) = plugin.source
        else { return nil }
        return (header, profile.name)
      }
    }
  }

  /// Says where a request goes.
  ///
  /// - Parameters:
  ///   - pool: With the producers of the plan.
  ///   - now: In monotonic nanoseconds.
  /// - Throws: Why it goes nowhere.
  /// - Complexity: O(candidates × plugins); allocates per plugin, not per candidate.
  public func schedule(
    _ request: SchedulingRequest, _ pool: CandidatePool, now: UInt64, memory: inout SchedulerMemory
  ) throws(SchedulingFailure) -> SchedulingResult {
    guard !pool.candidates.isEmpty else { throw .noEndpoints }
    var run = SchedulingRun(
      prepared: prepared, deciders: plan.deciders,
      context: SchedulingContext(
        request: request, pool: pool, now: now, memory: memory, plan: plan), timer: timer)
    defer { memory.random = run.context.random }
    var result = try plan.handler.plugin.schedule(&run)
    result.responseHeaders = responseHeaders(for: result, in: pool)
    return result
  }

  /// Learns from where a request went.
  ///
  /// - Parameters:
  ///   - result: What `schedule` said of that request and pool.
  ///   - pool: With the hits that the result was made with.
  public func remember(
    _ request: SchedulingRequest, _ result: SchedulingResult, _ pool: CandidatePool, now: UInt64,
    memory: inout SchedulerMemory
  ) {
    guard !learners.isEmpty else { return }
    // The memory is moved, not copied: a second owner would make every change copy its tables.
    var context = SchedulingContext(
      request: request, pool: pool, now: now,
      memory: exchange(&memory, with: SchedulerMemory(seed: 0)), plan: plan)
    for learner in learners {
      guard let profile = result.profile(named: learner.profile) else { continue }
      context.profile = learner.profile
      context.plugin = learner.part.name
      learner.part.plugin.learn(profile, in: &context)
    }
    memory = context.memory
  }

  private func responseHeaders(
    for result: SchedulingResult, in pool: CandidatePool
  ) -> [SchedulingResult.Header] {
    var headers: [SchedulingResult.Header] = []
    // The primary profile speaks first: a header that several profiles read names its choice.
    for profile in sessionHeaders.isEmpty ? [] : [result.primary] + result.others {
      for entry in sessionHeaders where entry.profile == profile.name {
        if headers.contains(where: { $0.name == entry.header }) { continue }
        let endpoint = pool.candidates[profile.targets[0]].endpoint.id
        headers.append(.init(name: entry.header, value: EndpointToken.text(of: endpoint)))
      }
    }
    return headers
  }
}

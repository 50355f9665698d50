extension Scheduler {
  /// Which candidates the filters of a profile remove, and which filter each of them.
  ///
  /// Runs the filters alone, as a first profile would: a filter that draws at random draws what it
  /// drew in a scheduling from the same memory. Nothing changes.
  ///
  /// - Returns: Names of filters by candidate; none for a profile that does not exist.
  public func removals(
    by profile: String, _ request: SchedulingRequest, _ pool: CandidatePool, now: UInt64,
    memory: SchedulerMemory
  ) -> [Int: String] {
    guard let profile = plan.profiles.first(where: { $0.name == profile }) else { return [:] }
    var context = SchedulingContext(
      request: request, pool: pool, now: now, memory: memory, plan: plan)
    context.profile = profile.name
    var kept = Array(pool.candidates.indices)
    var removed: [Int: String] = [:]
    for filter in profile.filters where !kept.isEmpty {
      context.plugin = filter.name
      let before = kept
      filter.plugin.filter(&kept, in: &context)
      for candidate in Set(before).subtracting(kept) { removed[candidate] = filter.name }
    }
    return removed
  }
}

import EPPScorer

/// What others know of endpoints.
extension ScrapeState {
  /// Takes how many requests of ours are under way at an endpoint.
  ///
  /// - Returns: Whether it is now read earlier than was planned.
  mutating func noteInFlight(_ id: EndpointID, _ count: Int, at now: UInt64) -> Bool {
    guard let index = members.index(forKey: id) else { return false }
    let wasIdle = members.values[index].inFlight == 0
    members.values[index].inFlight = count
    // Endpoints without numbers, and those that do not answer, are not read faster for it.
    guard wasIdle, count > 0, members.values[index].complaint == nil,
      members.values[index].health.failures == 0, !members.values[index].isReading
    else { return false }
    let soonest = members.values[index].endedAt + members.values[index].pace.shortPause
    return hasten(index, to: max(soonest, now))
  }

  /// Takes a report from elsewhere that an endpoint's engine may be gone: it is looked at.
  ///
  /// - Returns: Whether it is now read earlier than was planned.
  mutating func noteFailure(_ id: EndpointID, at now: UInt64) -> Bool {
    guard let index = members.index(forKey: id) else { return false }
    members.values[index].health.suspect()
    members.values[index].reading.update { $0.isSuspected = true }
    if members.values[index].isReading {
      // What is under way may have been answered before the failure.
      members.values[index].isHastened = true
      return false
    }
    let soonest = members.values[index].endedAt + members.values[index].pace.shortPause
    guard hasten(index, to: max(soonest, now)) else { return false }
    metrics.hastened.add()
    return true
  }

  private mutating func hasten(_ index: Dictionary<EndpointID, Member>.Index, to time: UInt64)
    -> Bool
  {
    let member = members.values[index]
    guard time < member.dueAt else { return false }
    members.values[index].dueAt = time
    timers.insert(
      Timer(id: member.target.id, generation: member.generation, dueAt: time), at: time)
    return true
  }
}

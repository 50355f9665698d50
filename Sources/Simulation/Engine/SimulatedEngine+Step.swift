extension SimulatedEngine {
  /// Performs one scheduler step that starts at `now`.
  ///
  /// How long it takes is for the caller to say, from the tokens that were scheduled; events and
  /// tokens leave the engine when it ends. An idle engine does nothing, not even deliver the event
  /// of a reset.
  ///
  /// - Complexity: O(tokens computed + blocks of the prompts admitted).
  package mutating func step(now: Duration) -> EngineStep {
    var step = EngineStep(
      time: now, events: [], sampled: [], finished: [], scheduledRequests: 0, scheduledTokens: 0)
    if isIdle { return step }
    var budget = configuration.batchedTokensMax
    let preempted = scheduleRunning(budget: &budget)
    if !preempted { admitWaiting(budget: &budget, now: now) }
    advance(&step)
    step.events = pool.takeEvents()
    return step
  }

  /// Accounts for what was computed, samples, and retires finished requests.
  private mutating func advance(_ step: inout EngineStep) {
    var kept = 0
    for index in running.indices {
      if running[index].scheduled > 0 {
        step.scheduledRequests += 1
        step.scheduledTokens += running[index].scheduled
        running[index].computed += running[index].scheduled
        running[index].scheduled = 0
        if running[index].computed == running[index].tokens.count {
          step.sampled.append(sample(forRunning: index))
        }
      }
      if running[index].isDone {
        step.finished.append(retire(running[index]))
      } else {
        if kept < index { running.swapAt(kept, index) }
        kept += 1
      }
    }
    running.removeLast(running.count - kept)
  }

  private mutating func sample(forRunning index: Int) -> SampledToken {
    let position = running[index].outputCount
    if position == 0, let admission = running[index].admission {
      promptTokens += running[index].promptCount
      computedTokens += running[index].promptCount - admission.cachedTokens
    }
    let token =
      position < running[index].script.count
      ? running[index].script[position] : model.next(after: running[index].tokens)
    running[index].tokens.append(token)
    running[index].extendHashes(with: hasher, blockSize: configuration.blockSize)
    return SampledToken(request: running[index].id, token: token, index: position)
  }

  private mutating func retire(_ request: ScheduledRequest) -> FinishedRequest {
    guard let admission = request.admission else {
      preconditionFailure("request \(request.id.number) finished before it was admitted")
    }
    pool.release(request.blocks)
    requestsFinished += 1
    return FinishedRequest(
      id: request.id, promptTokens: request.promptCount, cachedTokens: admission.cachedTokens,
      output: Array(request.tokens.dropFirst(request.promptCount)),
      preemptions: request.preemptions, submittedAt: request.submittedAt,
      firstScheduledAt: admission.time)
  }
}

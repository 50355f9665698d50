/// The control: nothing can be reused, so no policy may gain or lose by looking for it.
///
/// Prompts of about 2,300 tokens and answers of 128, at random, as much as fills 60 % of what the
/// fleet computes.
struct ZeroReuseWorkload {
  var requests = 10_000
  var promptTokens = 2_000...2_600
  var outputTokens = 128
  var load = 0.6
  var fleet: Scenario

  init(fleet: Scenario) { self.fleet = fleet }

  func trace(_ random: inout SplitMix64) -> Trace {
    var prompts = GeneratedPrompts(blockTokens: Workload.blockTokens)
    let capacity = Double(fleet.capacities.count * fleet.times.prefillTokensPerSecond)
    let mean = Double(promptTokens.lowerBound + promptTokens.upperBound) / 2
    var seconds = 0.0
    for _ in 0..<requests {
      seconds += random.wait(perSecond: load * capacity / mean)
      var context = GeneratedContext()
      context.extend(by: random.inside(promptTokens), &prompts)
      prompts.ask(&context, outputTokens: outputTokens, at: seconds.nanoseconds)
    }
    return prompts.trace(named: Workload.zeroReuse.rawValue)
  }
}

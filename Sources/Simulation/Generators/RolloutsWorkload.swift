/// Reinforcement learning: steps in which groups of samples of one prompt come all at once.
///
/// A sample may go on for several turns, each with its answer and a tool's. What a trace can't say
/// is that the trainer empties the caches between steps, since the weights are others then.
struct RolloutsWorkload {
  var steps = 12
  var promptsPerStep = 64
  var samples = 8
  var systemTokens = 1_024
  var promptTokens = 1_024...4_096
  var outputTokens = 512...4_096
  var toolTokens = 256...1_024
  var turns = 1...3
  /// Over which a step's first requests come.
  var burstSeconds = 2.0
  /// After the last answer of a step.
  var trainingSeconds = 30.0
  var times: ServiceTimes

  init(fleet: Scenario) { times = fleet.times }

  func trace(_ random: inout SplitMix64) -> Trace {
    var prompts = GeneratedPrompts(blockTokens: Workload.blockTokens)
    var system = GeneratedContext()
    system.extend(by: systemTokens, &prompts)
    var start = 0.0
    for _ in 0..<steps {
      var end = start
      for _ in 0..<promptsPerStep {
        var prompt = system
        prompt.extend(by: random.inside(promptTokens), &prompts)
        // All samples of a group have the prompt's last block too, full or not.
        for _ in 0..<samples {
          let first = start + random.fraction() * burstSeconds
          end = max(end, sample(&prompt, from: first, &random, &prompts))
        }
      }
      start = end + trainingSeconds
    }
    return prompts.trace(named: Workload.rollouts.rawValue)
  }

  /// The turns of one sample; returns when the last one ends, by the model of time.
  private func sample(
    _ prompt: inout GeneratedContext, from first: Double, _ random: inout SplitMix64,
    _ prompts: inout GeneratedPrompts
  ) -> Double {
    var seconds = first
    var output = random.inside(outputTokens)
    prompts.ask(&prompt, outputTokens: output, at: seconds.nanoseconds)
    var context = prompt
    for _ in 1..<random.inside(turns) {
      seconds += Double(times.decode(outputTokens: output)) / 1e9 + 1
      context.extend(by: output + random.inside(toolTokens), &prompts)
      output = random.inside(outputTokens)
      prompts.ask(&context, outputTokens: output, at: seconds.nanoseconds)
    }
    return seconds + Double(times.decode(outputTokens: output)) / 1e9
  }
}

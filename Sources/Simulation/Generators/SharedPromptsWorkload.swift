/// Many users of each of many applications, whose system prompts are long.
///
/// The shape is that of llm-d's benchmark of 2025-09 ("KV-Cache Wins You Can See"): system prompts
/// of 6,000 tokens, 5 users each, questions of 1,200 tokens, answers of 1,000, 3 to 60 requests a
/// second, conversations that together need 73 % of the fleet's cache. A user's conversation has
/// several turns here, and starts over, word by word, when it is done.
struct SharedPromptsWorkload {
  var systemTokens = 6_000
  var users = 5
  var questionTokens = 1_200
  var answerTokens = 1_000
  var turns = 3
  var requests = 12_000
  /// Requests a second at the beginning and at the end.
  var rates = 3.0...60.0
  var groups: Int

  init(fleet: Scenario) {
    groups = 1
    let room = 0.73 * Double(fleet.totalCapacity * Workload.blockTokens)
    groups = max(Int(room / Double(systemTokens + users * conversationTokens)), 1)
  }

  /// What a user's conversation adds to the system prompt.
  private var conversationTokens: Int { turns * questionTokens + (turns - 1) * answerTokens }

  func trace(_ random: inout SplitMix64) -> Trace {
    var prompts = GeneratedPrompts(blockTokens: Workload.blockTokens)
    var contexts: [[GeneratedContext]] = []
    for _ in 0..<groups {
      var system = GeneratedContext()
      system.extend(by: systemTokens, &prompts)
      for _ in 0..<users { contexts.append(conversation(from: system, &prompts)) }
    }
    var turn = [Int](repeating: 0, count: contexts.count)
    var seconds = 0.0
    for number in 0..<requests {
      let progress = Double(number) / Double(max(requests - 1, 1))
      let rate = rates.lowerBound + (rates.upperBound - rates.lowerBound) * progress
      seconds += random.wait(perSecond: rate)
      let user = random.below(contexts.count)
      prompts.ask(
        &contexts[user][turn[user]], outputTokens: answerTokens, at: seconds.nanoseconds)
      turn[user] = (turn[user] + 1) % turns
    }
    return prompts.trace(named: Workload.sharedPrompts.rawValue)
  }

  /// What a user says, turn by turn.
  private func conversation(
    from system: GeneratedContext, _ prompts: inout GeneratedPrompts
  ) -> [GeneratedContext] {
    var context = system
    return (0..<turns).map { turn in
      context.extend(by: questionTokens + (turn == 0 ? 0 : answerTokens), &prompts)
      return context
    }
  }
}

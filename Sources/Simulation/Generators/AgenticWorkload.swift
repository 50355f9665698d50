/// Sessions of coding agents, whose prompts grow for hundreds of turns.
///
/// Percentiles are those that llm-d published of 78,099 requests of such agents: growth a turn
/// 632 / 3,735 / 148,000 tokens, answers 317 / 1,705 / 7,551, pauses 2 s / 24 s / 11.4 min, turns
/// 107 / 354 / 992, and 2.8 % of turns that begin anew from a summary. Lengths and turns are
/// divided by four, so that a prompt fits in the smallest engine of a mixed fleet and sessions end;
/// sub-agents are left out.
struct AgenticWorkload {
  static let scale = 4.0

  var growth = Percentiles(632 / scale, 3_735 / scale, 148_000 / scale)
  var outputs = Percentiles(317, 1_705, 7_551)
  var pauses = Percentiles(2, 24, 684)
  var turns = Percentiles(107 / scale, 354 / scale, 992 / scale)
  var resetShare = 0.028
  /// Kinds of agents, each with a system prompt and tools of its own.
  var agents = 8
  var systemTokens = 4_096
  var summaryTokens = 2_000
  var promptTokensMax: Int
  /// Sessions at a time.
  var sessions: Int
  var requests = 8_000
  var times: ServiceTimes

  init(fleet: Scenario) {
    times = fleet.times
    let smallest = (fleet.capacities.min() ?? 1) * Workload.blockTokens
    promptTokensMax = max(min(1_048_576 / Int(Self.scale), smallest / 6), systemTokens * 2)
    sessions = max(fleet.totalCapacity / 200, 1)
  }

  private struct Session {
    var context: GeneratedContext
    var agent: Int
    var turnsLeft: Int
  }

  func trace(_ random: inout SplitMix64) -> Trace {
    var prompts = GeneratedPrompts(blockTokens: Workload.blockTokens)
    var systems: [GeneratedContext] = []
    for _ in 0..<agents {
      var context = GeneratedContext()
      context.extend(by: systemTokens, &prompts)
      systems.append(context)
    }
    var running = EventQueue<Int>()
    var states = (0..<sessions).map { number -> Session in
      let session = start(systems, &random, &prompts)
      running.add(number, at: (random.fraction() * 60).nanoseconds)
      return session
    }
    while prompts.count < requests, let (time, number) = running.next() {
      let output = Int(outputs.draw(from: &random))
      prompts.ask(&states[number].context, outputTokens: output, at: time)
      let pause = pauses.draw(from: &random)
      running.add(
        number, at: time + times.decode(outputTokens: output) + pause.nanoseconds)
      proceed(&states[number], output, systems, &random, &prompts)
    }
    return prompts.trace(named: Workload.agentic.rawValue)
  }

  private func start(
    _ systems: [GeneratedContext], _ random: inout SplitMix64, _ prompts: inout GeneratedPrompts
  ) -> Session {
    let agent = random.below(systems.count)
    var context = systems[agent]
    context.extend(by: summaryTokens, &prompts)
    return Session(context: context, agent: agent, turnsLeft: Int(turns.draw(from: &random)))
  }

  /// Adds an answer and what comes back from tools, or begins anew.
  private func proceed(
    _ session: inout Session, _ output: Int, _ systems: [GeneratedContext],
    _ random: inout SplitMix64, _ prompts: inout GeneratedPrompts
  ) {
    session.turnsLeft -= 1
    if session.turnsLeft <= 0 {
      session = start(systems, &random, &prompts)
      return
    }
    let growth = min(Int(growth.draw(from: &random)), promptTokensMax / 2)
    let isTooLong = session.context.tokens + output + growth > promptTokensMax
    if isTooLong || random.fraction() < resetShare {
      session.context = systems[session.agent]
      session.context.extend(by: summaryTokens, &prompts)
    } else {
      session.context.extend(by: output + growth, &prompts)
    }
  }
}

import Testing
import Tokenize

@testable import Service

/// The state machine by itself, with the time as the tests will it.
@Suite struct RenderStateTests {
  /// A state with renderers `r0`, `r1`, … that were examined, and what it wants done.
  private struct Desk {
    var state: RenderState
    var actions: [RenderAction] = []
    let outcomes = Outcomes()

    final class Outcomes: @unchecked Sendable {
      var all: [(prompt: String, outcome: RenderOutcome)] = []
    }

    init(renderers: Int) {
      var settings = RendererSettings(target: .endpoints)
      settings.breaker.faultsMax = 2
      state = RenderState(settings, RenderMetrics())
      state.pool.replace(
        with: (0..<renderers).map { RenderEndpoint(name: "r\($0)", server: .url("http://r\($0)")) },
        at: 0)
      for member in state.pool.beginDueProbes(at: 0) {
        _ = state.pool.endProbe(member.id, .ready, at: 0)
      }
    }

    /// Takes a request; returns why it failed at once.
    mutating func begin(
      _ prompt: String, body: String = "{}", deadline: UInt64 = 1000, at now: UInt64 = 0
    ) -> RenderFailure? {
      let request = RenderRequest(
        api: .completions, body: Array(body.utf8), model: "tiny",
        key: RenderKey(high: 0, low: UInt64(prompt.count)), deadline: deadline)
      let waiter = RenderWaiter(
        key: TokenCache.Key(request.key, scope: 0), request: request, startedAt: now,
        completion: { _ in })
      return state.begin(waiter, at: now, &actions)
    }

    /// Calls that are wanted, which are then under way.
    mutating func takeCalls() -> [(attempt: RenderAttempt, endpoint: String, body: String)] {
      let calls = actions.compactMap { action in
        if case .call(let attempt, let endpoint, let request) = action {
          return (attempt, endpoint.name, String(decoding: request.body, as: UTF8.self))
        }
        return nil
      }
      actions.removeAll { if case .call = $0 { true } else { false } }
      return calls
    }

    mutating func takeOutcomes() -> [RenderOutcome] {
      let outcomes = actions.compactMap { action in
        if case .complete(_, let outcome) = action { outcome } else { nil }
      }
      actions.removeAll { if case .complete = $0 { true } else { false } }
      return outcomes
    }

    mutating func end(
      _ attempt: RenderAttempt, _ failure: RenderFailure? = nil, at now: UInt64
    ) {
      let prompts = [RenderedPrompt(tokens: [1])]
      state.end(attempt, failure.map { .failure($0) } ?? .success(prompts), at: now, &actions)
    }

    @discardableResult
    mutating func tick(at now: UInt64) -> UInt64? { state.tick(at: now, &actions) }
  }

  @Test func `a refusal ends the wait of equal bodies, and the next body is sent`() {
    var desk = Desk(renderers: 1)
    for body in ["bad", "good", "bad", "other"] { #expect(desk.begin("p", body: body) == nil) }
    let first = desk.takeCalls()
    #expect(first.map(\.body) == ["bad"])
    desk.end(first[0].attempt, .refused(status: 400, message: "no"), at: 10)
    let refused = desk.takeOutcomes()
    #expect(refused.map { $0.failure?.kind } == [.refused, .refused])
    let second = desk.takeCalls()
    #expect(second.map(\.body) == ["good"])
    desk.end(second[0].attempt, at: 20)
    let answered = desk.takeOutcomes()
    #expect(answered.map { $0.tokens } == [[1], [1]])
    #expect(answered.map { $0.origin } == [.renderer, .shared])
    #expect(desk.state.flights.isEmpty)
    #expect(desk.state.waiters.isEmpty)
  }

  @Test func `a call that fails goes to another renderer, once`() {
    var desk = Desk(renderers: 3)
    _ = desk.begin("p")
    let first = desk.takeCalls()[0]
    desk.end(first.attempt, .unreachable("x"), at: 1)
    let second = desk.takeCalls()
    #expect(second.count == 1)
    #expect(second[0].endpoint != first.endpoint)
    desk.end(second[0].attempt, .unexpectedStatus(500, message: ""), at: 2)
    #expect(desk.takeCalls().isEmpty)
    let outcomes = desk.takeOutcomes()
    #expect(outcomes.map { $0.failure?.kind } == [.unexpectedStatus])
    #expect(desk.state.metrics.retries.value == 1)
  }

  @Test func `a call that hesitates gets a rival at half of the time, and the first answer wins`() {
    var desk = Desk(renderers: 2)
    _ = desk.begin("p")
    let slow = desk.takeCalls()[0]
    let next = desk.tick(at: 499)
    #expect(next == 500)
    #expect(desk.takeCalls().isEmpty)
    desk.tick(at: 500)
    let rival = desk.takeCalls()
    #expect(rival.map(\.endpoint).first != slow.endpoint)
    desk.end(rival[0].attempt, at: 600)
    let outcomes = desk.takeOutcomes()
    #expect(outcomes.map { $0.tokens } == [[1]])
    desk.end(slow.attempt, at: 900)
    #expect(desk.takeOutcomes().isEmpty)
    #expect(desk.state.blamed.isEmpty)
    // Two such delays, and the slow one is out of use though it answered in the end.
    desk.state.cache.removeAll()
    for member in desk.state.pool.members where member.endpoint.name == slow.endpoint {
      _ = desk.state.pool.failed(member.id, .timedOut, .completions, at: 901)
    }
    #expect(desk.state.pool.reports.filter { $0.breaker == .open }.map(\.name) == [slow.endpoint])
  }

  @Test func `a call that fails while its rival runs waits for the rival`() {
    var desk = Desk(renderers: 2)
    _ = desk.begin("p")
    let first = desk.takeCalls()[0]
    desk.tick(at: 500)
    let rival = desk.takeCalls()[0]
    desk.end(first.attempt, .broken("x"), at: 600)
    #expect(desk.takeOutcomes().isEmpty)
    desk.end(rival.attempt, .stopped, at: 700)
    let outcomes = desk.takeOutcomes()
    #expect(outcomes.map { $0.failure } == [.stopped])
  }

  @Test func `who joins a late call gets another one, or fails when nobody is usable`() {
    var desk = Desk(renderers: 1)
    _ = desk.begin("p", deadline: 100)
    _ = desk.takeCalls()
    desk.tick(at: 100)
    // One fault: the renderer is still in use, so there is hope.
    let hopeful = desk.begin("p", deadline: 200, at: 110)
    #expect(hopeful == nil)
    _ = desk.begin("pp", deadline: 200, at: 110)
    desk.tick(at: 200)
    let hopeless = desk.begin("p", deadline: 300, at: 210)
    #expect(hopeless?.kind == .noneUsable)

    var pair = Desk(renderers: 2)
    _ = pair.begin("p", deadline: 100)
    let first = pair.takeCalls()[0]
    pair.state.timers = DeadlineHeap()
    pair.state.blamed = [first.attempt.number]
    _ = pair.begin("p", deadline: 300, at: 110)
    #expect(pair.takeCalls().map(\.endpoint).first != first.endpoint)
  }

  @Test func `deadlines that nobody waits for any more do not pile up`() {
    var desk = Desk(renderers: 1)
    for number in 0..<5000 {
      _ = desk.begin("p", deadline: 1 << 40, at: UInt64(number))
      for call in desk.takeCalls() { desk.end(call.attempt, at: UInt64(number)) }
      desk.tick(at: UInt64(number))
      desk.actions = []
      #expect(desk.state.timers.count <= 1030)
    }
  }
}

@Suite struct DeadlineHeapTests {
  @Test(arguments: 0..<20 as Range<UInt64>)
  func `what is due comes out in the order of time`(_ seed: UInt64) {
    var random = SystemRandomNumberGenerator()
    var heap = DeadlineHeap<UInt64>()
    var times = (0..<200).map { _ in UInt64.random(in: 0..<100 + seed, using: &random) }
    for time in times { heap.insert(time, at: time) }
    #expect(heap.earliest == times.min())
    heap.removeAll { $0 % 3 == 0 }
    times.removeAll { $0 % 3 == 0 }
    var popped: [UInt64] = []
    while let time = heap.popDue(at: 50) { popped.append(time) }
    #expect(popped == times.filter { $0 <= 50 }.sorted())
    #expect(heap.count == times.count { $0 > 50 })
  }
}

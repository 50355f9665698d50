import Testing
import Tokenize

@Suite struct CircuitBreakerTests {
  private static let second: UInt64 = 1_000_000_000

  private func breaker() -> CircuitBreaker {
    var settings = CircuitBreaker.Settings()
    settings.faultsMax = 3
    settings.backOffMin = .seconds(1)
    settings.backOffMax = .seconds(5)
    settings.refusalBackOff = .seconds(30)
    return CircuitBreaker(settings)
  }

  @Test func `faults in a row open it, and a success between them counts them anew`() {
    var breaker = breaker()
    for outcome in [CircuitBreaker.Outcome.fault, .fault, .success, .fault, .fault] {
      breaker.record(outcome, at: 0)
      #expect(breaker.phase == .closed)
    }
    breaker.record(.fault, at: 7)
    #expect(breaker.phase == .open)
    #expect(breaker.retryAt == 7 + Self.second)
  }

  @Test func `a refusal opens it at once, and for longer`() {
    var breaker = breaker()
    breaker.record(.refusal, at: 0)
    #expect(breaker.phase == .open)
    #expect(breaker.retryAt == 30 * Self.second)
    let early = breaker.beginTrial(at: 30 * Self.second - 1)
    #expect(!early)
    let begun = breaker.beginTrial(at: 30 * Self.second)
    #expect(begun)
    breaker.endTrial(.refusal, at: 40 * Self.second)
    #expect(breaker.retryAt == 70 * Self.second)
  }

  @Test func `there is one trial at a time, and its success closes`() {
    var breaker = breaker()
    breaker.endTrial(.fault, at: 0)
    #expect(breaker.phase == .open)
    let (first, second) = (breaker.beginTrial(at: Self.second), breaker.beginTrial(at: Self.second))
    #expect(first)
    #expect(!second)
    #expect(breaker.phase == .halfOpen)
    #expect(breaker.retryAt == nil)
    breaker.endTrial(.success, at: Self.second)
    #expect(breaker.isClosed)
  }

  @Test func `the back-off doubles up to its limit until a call succeeds`() {
    var breaker = breaker()
    var now: UInt64 = 0
    for seconds: UInt64 in [1, 2, 4, 5, 5] {
      breaker.endTrial(.fault, at: now)
      #expect(breaker.retryAt == now + seconds * Self.second)
      now += seconds * Self.second
      let begun = breaker.beginTrial(at: now)
      #expect(begun)
    }
    // A trial is too small to prove that real calls go well.
    breaker.endTrial(.success, at: now)
    for _ in 0..<3 { breaker.record(.fault, at: now) }
    #expect(breaker.retryAt == now + 5 * Self.second)
    _ = breaker.beginTrial(at: now + 5 * Self.second)
    breaker.endTrial(.success, at: now)
    breaker.record(.success, at: now)
    breaker.endTrial(.fault, at: now)
    #expect(breaker.retryAt == now + Self.second)
  }

  @Test func `calls that end after it opened change nothing`() {
    var breaker = breaker()
    breaker.endTrial(.fault, at: 0)
    let before = breaker
    for outcome in [CircuitBreaker.Outcome.success, .fault, .refusal] {
      breaker.record(outcome, at: 5)
      #expect(breaker == before)
    }
  }
}

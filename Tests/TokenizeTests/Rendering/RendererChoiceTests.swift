import Testing
import Tokenize

@Suite struct RendererChoiceTests {
  private static let millisecond = 1_000_000.0

  /// Numbers of picks of each of the renderers.
  private func picks(
    _ count: Int, _ speeds: [Double?], ready: Set<Int>? = nil
  ) -> [Int] {
    var choice = RendererChoice()
    var picks = speeds.map { _ in 0 }
    for _ in 0..<count {
      let index = choice.pick(
        of: speeds.count, isReady: { ready?.contains($0) ?? true }, estimate: { speeds[$0] })
      if let index { picks[index] += 1 }
    }
    return picks
  }

  @Test func `equals take turns`() {
    let speed = 10 * Self.millisecond
    #expect(picks(9, [speed, speed * 1.9, speed]) == [3, 3, 3])
    #expect(picks(4, [nil, nil]) == [2, 2])
  }

  @Test func `one that is much slower than the fastest waits, one that is unknown does not`() {
    let speed = 10 * Self.millisecond
    #expect(picks(9, [speed, 3 * speed, nil]) == [5, 0, 4])
    // A millisecond more is no difference between fast ones.
    #expect(picks(4, [0.1 * Self.millisecond, 1.1 * Self.millisecond]) == [2, 2])
  }

  @Test func `in a large fleet everyone has its turn, and the slow ones less`() {
    let speed = 10 * Self.millisecond
    #expect(picks(300, Array(repeating: speed, count: 100)) == Array(repeating: 3, count: 100))
    let few = picks(300, (0..<100).map { $0 % 10 == 0 ? 9 * speed : speed })
    #expect(few.enumerated().allSatisfy { ($0 % 10 == 0) == ($1 == 0) })
  }

  @Test func `who is not ready is never picked, and a slow one is better than none`() {
    let speed = 10 * Self.millisecond
    #expect(picks(4, [speed, speed, 9 * speed], ready: [2]) == [0, 0, 4])
    #expect(picks(4, [speed, speed], ready: []) == [0, 0])
    #expect(picks(4, []) == [])
  }

  @Test func `an average follows its renderer and forgets with time`() {
    var speed = RendererSpeed()
    #expect(speed.estimate(at: 0) == nil)
    speed.observe(1000, at: 0)
    #expect(speed.estimate(at: 1) == 1000)
    speed.observe(2000, at: 1)
    #expect(speed.estimate(at: 1) == 1200)
    for now in 2..<60 { speed.observe(2000, at: UInt64(now)) }
    #expect(abs((speed.estimate(at: 60) ?? 0) - 2000) < 1)
    #expect(speed.estimate(at: 11_000_000_000) == nil)
  }
}

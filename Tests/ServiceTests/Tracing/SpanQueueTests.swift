import Testing

@testable import Service

@Suite struct SpanQueueTests {
  private static let second: UInt64 = 1_000_000_000

  private static func queue(_ change: (inout TracingSettings) -> Void = { _ in }) throws
    -> SpanQueue
  {
    var settings = try #require(TracingSettings(url: "http://collector:4318"))
    settings.batchMax = 4
    settings.queueMax = 10
    change(&settings)
    return SpanQueue(settings)
  }

  private static func spans(_ count: Int) -> [Span] {
    (0..<count).map { number in
      Span(
        context: TraceContext(trace: .init(high: 1, low: 2), span: 3, isSampled: true), parent: 0,
        name: "\(number)", kind: .server, start: 0, end: 1)
    }
  }

  @Test func `a span waits for others, a full batch does not`() throws {
    var queue = try Self.queue()
    #expect(queue.wakesAt == nil)
    #expect(queue.add(Self.spans(1), now: 5) == (dropped: 0, wakes: true))
    #expect(queue.wakesAt == 5 + Self.second && queue.next(now: 6) == nil)
    #expect(queue.add(Self.spans(1), now: 7) == (dropped: 0, wakes: false))
    #expect(queue.add(Self.spans(3), now: 8) == (dropped: 0, wakes: true))
    #expect(queue.next(now: 9)?.map(\.name) == ["0", "0", "0", "1"])
    #expect(queue.next(now: 9) == nil && queue.wakesAt == nil)
    #expect(queue.sent() == 4)
    #expect(queue.next(now: 9 + Self.second)?.map(\.name) == ["2"])
  }

  @Test func `what finds no place is left out`() throws {
    var queue = try Self.queue()
    #expect(queue.add(Self.spans(12), now: 0) == (dropped: 2, wakes: true))
    #expect(queue.next(now: 0)?.count == 4)
    // The batch on its way counts, too.
    #expect(queue.add(Self.spans(1), now: 0) == (dropped: 1, wakes: false))
    #expect(queue.sent() == 4)
    #expect(queue.add(Self.spans(1), now: 0).dropped == 0)
  }

  @Test func `a batch is tried again after pauses that grow, and given up`() throws {
    var queue = try Self.queue { $0.attemptsMax = 3 }
    _ = queue.add(Self.spans(4), now: 0)
    #expect(queue.next(now: 0)?.count == 4)
    #expect(queue.failed(.passing, now: 10) == 0)
    #expect(queue.wakesAt == 10 + Self.second && queue.next(now: 11) == nil)
    #expect(queue.next(now: 10 + Self.second)?.count == 4)
    #expect(queue.failed(.passing, now: 20) == 0)
    #expect(queue.wakesAt == 20 + 2 * Self.second)
    #expect(queue.next(now: 20 + 2 * Self.second)?.count == 4)
    #expect(queue.failed(.passing, now: 30) == 4)
    #expect(queue.isEmpty)
  }

  @Test func `what is refused for good is not tried again`() throws {
    var queue = try Self.queue()
    _ = queue.add(Self.spans(4), now: 0)
    _ = queue.next(now: 0)
    #expect(queue.failed(.final, now: 0) == 4 && queue.isEmpty)
  }

  @Test func `at the end all is sent at once, and once`() throws {
    var queue = try Self.queue()
    _ = queue.add(Self.spans(6), now: 0)
    queue.end()
    #expect(queue.next(now: 0)?.count == 4)
    #expect(queue.failed(.passing, now: 0) == 4)
    #expect(queue.next(now: 0)?.count == 2)
    #expect(queue.sent() == 2 && queue.isEmpty)
  }
}

import KVIndexer
import Service
import Testing

/// Replay endpoints that answer slowly, for ever, or nonsense.
@Suite("Odd replay servers", .serialized)
struct OddReplayTests {
  private let source = SourceID(0)

  /// A publisher whose replay endpoint is another, odd one.
  private struct Stage {
    let publisher: EventPublisher
    let server: OddReplayServer
    let harness: SubscriptionHarness

    init(
      _ answer: @escaping OddReplayServer.Answer,
      _ adjust: (inout SubscriptionSettings) -> Void = { _ in }
    ) throws {
      publisher = try EventPublisher.local(replay: false)
      server = try OddReplayServer(answer)
      harness = SubscriptionHarness {
        $0.replayTimeoutMilliseconds = 200
        $0.replayLimitMilliseconds = 500
        $0.replayRetryMilliseconds = 5
        $0.replayJitterMilliseconds = 5
        adjust(&$0)
      }
      try harness.loop.add(
        SubscriptionTarget(
          source: SourceID(0), endpoint: publisher.endpoint, replayEndpoint: server.endpoint))
    }

    func stop() {
      harness.loop.stop()
      server.stop()
      publisher.stop()
    }

    /// Publishes until something arrives: what is sent before the subscription stands is lost.
    func publishUntilSeen() throws {
      var number = 0
      try Deadline.wait {
        publisher.publish(payloads(number..<number + 1, life: 7))
        number += 1
        return !harness.recorder.all.batches(of: SourceID(0)).isEmpty
      }
    }
  }

  /// Where the answers are what is wrong, and not how long they take.
  private static func plentyOfTime(_ settings: inout SubscriptionSettings) {
    settings.replayTimeoutMilliseconds = 10_000
    settings.replayLimitMilliseconds = 20_000
  }

  @Test("A replay that never ends is given up, and live events go on")
  func endless() throws {
    let stage = try Stage { sequence, send in
      var next = sequence
      while send([[], Array("t".utf8), next.sequenceFrame, [1]]) { next += 1 }
    }
    defer { stage.stop() }
    try Deadline.wait { stage.harness.counters().replaysFailed >= 3 }
    #expect(stage.harness.counters().replayedMessages > 0)
    try Deadline.wait { stage.harness.loop.replays == (open: 0, waiting: 0) }
    // The engine has never published so much: what was made up is forgotten, and it is believed.
    stage.publisher.publish(payloads(0..<3, life: 7))
    let expected = payloads(0..<3, life: 7).map { Array($0.utf8) }
    #expect(stage.harness.recorder.wait { $0.batches(of: source).map(\.payload) == expected })
  }

  @Test("Numbers that repeat or go backwards end a replay", arguments: [0, 1] as [UInt64])
  func backwards(step: UInt64) throws {
    let stage = try Stage(
      { sequence, send in
        for number in 0..<UInt64(100) {
          _ = send([[], Array("t".utf8), (sequence + 1_000 - number * step).sequenceFrame, [1]])
        }
      }, Self.plentyOfTime)
    defer { stage.stop() }
    try Deadline.wait { stage.harness.counters().replaysFailed >= 3 }
    let counters = stage.harness.counters()
    // One good message a request, then one that is not.
    #expect(counters.replayedMessages <= counters.replaysRequested)
    #expect(counters.malformedMessages >= 3)
    try stage.publishUntilSeen()
  }

  @Test("Frames that are no answer are counted and bounded")
  func garbage() throws {
    let stage = try Stage(
      { _, send in
        for _ in 0..<100 { _ = send([[], [1], [2, 3, 4, 5, 6, 7, 8, 9, 10], [], [], []]) }
      }, Self.plentyOfTime)
    defer { stage.stop() }
    try Deadline.wait { stage.harness.counters().replaysFailed >= 3 }
    let counters = stage.harness.counters()
    #expect(counters.replayedMessages == 0)
    #expect(counters.malformedMessages == 17 * 3)
    try stage.publishUntilSeen()
  }

  @Test("A server that takes a request and is silent is given up")
  func silent() throws {
    let stage = try Stage({ _, _ in }, { $0.replayTimeoutMilliseconds = 20 })
    defer { stage.stop() }
    try Deadline.wait { stage.harness.counters().replaysFailed >= 3 }
    #expect(stage.harness.counters().malformedMessages == 0)
    try stage.publishUntilSeen()
    try Deadline.wait {
      guard case .live(_, replaying: false) = stage.harness.recorder.all.lastState(of: source)
      else { return false }
      return true
    }
  }

  @Test("At most so many replays are open, and none waits for ever")
  func places() throws {
    let publishers = try (0..<12).map { _ in try EventPublisher.local() }
    for publisher in publishers {
      publisher.publish(payloads(0..<50))
      publisher.flush()
    }
    let harness = SubscriptionHarness {
      $0.replaysMax = 2
      // Enough for those that answer, on a busy machine too.
      $0.replayTimeoutMilliseconds = 2_000
      $0.replayRetryMilliseconds = 5
      $0.replayJitterMilliseconds = 5
    }
    defer {
      harness.loop.stop()
      for publisher in publishers { publisher.stop() }
    }
    // Two that never answer and give their places back, and one that is removed while it has one.
    let mute = try (0..<3).map { _ in try OddReplayServer { _, _ in } }
    defer { for server in mute { server.stop() } }
    for (number, server) in mute.enumerated() {
      try harness.loop.add(
        SubscriptionTarget(
          source: SourceID(number), endpoint: publishers[number].endpoint,
          replayEndpoint: server.endpoint))
    }
    for (number, publisher) in publishers.enumerated().dropFirst(3) {
      try harness.loop.add(publisher.target(SourceID(number)))
    }
    harness.loop.remove(SourceID(2))
    for number in 3..<12 {
      #expect(harness.recorder.wait(forBatches: 50, source: SourceID(number)))
      #expect(harness.loop.replays.open <= 2)
    }
    for number in 0..<2 {
      try Deadline.wait { harness.counters(of: SourceID(number)).replaysFailed == 3 }
    }
    try Deadline.wait { harness.loop.replays == (open: 0, waiting: 0) }
  }
}

/// A ROUTER that answers each request for a replay by a function's messages, one after the other.
final class OddReplayServer: @unchecked Sendable {
  /// Is given the sequence that was asked for, and sends messages until it is told no more to.
  typealias Answer = @Sendable (UInt64, _ send: ([[UInt8]]) -> Bool) -> Void

  let endpoint: String
  private let lock = Lock()
  private var isStopping = false
  private var thread: WorkerThread?

  init(_ answer: @escaping Answer) throws {
    let socket = try ZMQSocket(.router, in: ZMQContext())
    try socket.bind("tcp://127.0.0.1:*")
    endpoint = socket.lastEndpoint
    let held = Held(socket: socket)
    lock.withLock { thread = WorkerThread(name: "odd-replays") { self.run(held.socket, answer) } }
  }

  /// Hands the socket over to the thread.
  private struct Held: @unchecked Sendable { let socket: ZMQSocket }

  func stop() {
    let thread = lock.withLock {
      isStopping = true
      return self.thread
    }
    thread?.join()
  }

  private var isDone: Bool { lock.withLock { isStopping } }

  private func run(_ socket: ZMQSocket, _ answer: Answer) {
    let message = MultipartMessage()
    while !isDone {
      guard message.receive(from: socket) else {
        Pause.microseconds(200)
        continue
      }
      guard message.count == 3 else { continue }
      let identity = Array(message.frame(0))
      let start = message.frame(2).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      var sent = 0
      answer(start) { frames in
        sent += 1
        // Bounded, so that a test that fails does not fill the memory.
        return !isDone && sent < 200_000 && socket.send([identity] + frames)
      }
    }
  }
}

import Service
import Testing

/// What an examination finds about replays.
@Suite struct DoctorReplayTests {
  @Test func `no replay is a warning that says what the engine offers`() throws {
    let offering = try DoctorHarness()
    let other = try DoctorHarness(replays: false)
    defer {
      offering.stop()
      other.stop()
    }
    let report = try DoctorHarness.examine([
      offering.entry(hasReplay: false), other.entry(name: "b"),
    ])
    #expect(report.endpoints.map(\.codes) == [["replay:no_replay"], ["replay:no_replay"]])
    let mends = report.endpoints.compactMap { $0[.replay]?.problems.first?.mend }
    #expect(mends[0].contains(offering.replay ?? "none"))
    #expect(mends[1].contains("Start vLLM with"))
  }

  @Test func `a replay without topic frames is usable`() throws {
    let harness = try DoctorHarness { $0.replaysTopic = false }
    defer { harness.stop() }
    let found = try harness.examine()
    #expect(found.codes == [])
    #expect(found[.replay]?.note.hasSuffix("without topics") == true)
  }

  @Test func `a ring that has wrapped is a warning, and so is its size`() throws {
    let harness = try DoctorHarness(ring: 2)
    defer { harness.stop() }
    var client = try HTTPClient(.url(harness.server.url))
    for number in 1...3 {
      let ids = (0..<40).map { "\($0 * 3 + number)" }.joined(separator: ",")
      _ = try client.post(
        "/v1/completions", body: Array(#"{"prompt": [\#(ids)], "max_tokens": 1}"#.utf8))
    }
    let found = try harness.examine()
    #expect(found.codes == ["announced:small_ring", "replay:replay_wrapped"])
    #expect(found.verdict == .warning)
  }

  @Test func `a replay that is another engine's is found`() throws {
    let harness = try DoctorHarness()
    let other = try DoctorHarness()
    defer {
      harness.stop()
      other.stop()
    }
    let found = try harness.examine(harness.entry(replay: other.replay))
    #expect(found.codes == ["announced:other_port", "replay:replay_foreign"])
  }

  @Test func `silence and garbage are told apart`() throws {
    let harness = try DoctorHarness { $0.tellsEventSources = false }
    let closed = try DoctorHarness()
    defer { harness.stop() }
    closed.stop()
    let silent = try harness.examine(
      harness.entry(replay: closed.replay), timeout: DoctorHarness.impatience)
    #expect(silent.codes == ["replay:replay_silent"])
    let garbage = try GarbageReplay()
    defer { garbage.stop() }
    let found = try harness.examine(harness.entry(replay: garbage.endpoint))
    #expect(found.codes == ["replay:replay_garbage"])
  }

  /// Answers requests for a replay with what is none.
  private final class GarbageReplay: @unchecked Sendable {
    let endpoint: String
    private let socket: ZMQSocket
    private let lock = Lock()
    private var isStopping = false
    private var thread: WorkerThread?

    init() throws {
      socket = try ZMQSocket(.router, in: ZMQContext())
      try socket.bind("tcp://127.0.0.1:*")
      endpoint = "tcp://127.0.0.1:" + (socket.lastEndpoint.split(separator: ":").last ?? "")
      thread = WorkerThread(name: "garbage") { [self] in
        let message = MultipartMessage()
        while !lock.withLock({ isStopping }) {
          while message.receive(from: socket) {
            socket.send([Array(message.frame(0)), Array("what?".utf8)])
          }
          Pause.microseconds(200)
        }
      }
    }

    func stop() {
      lock.withLock { isStopping = true }
      thread?.join()
    }
  }
}

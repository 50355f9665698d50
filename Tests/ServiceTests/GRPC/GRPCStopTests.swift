import Service
import Testing

@Suite struct GRPCStopTests {
  private let service = TestService()

  private func start(noticeMilliseconds: UInt64? = nil) throws -> GRPCServer {
    var limits = GRPCLimits()
    limits.threads = 2
    if let noticeMilliseconds { limits.noticeMilliseconds = noticeMilliseconds }
    return try GRPCServer(
      [.tcp(host: "127.0.0.1", port: 0)], router: service.makeRouter(service.makeHealth()),
      limits: limits)
  }

  @Test func `stopping waits for the answers of calls in flight`() throws {
    let server = try start(noticeMilliseconds: 20_000)
    let raw = try RawHTTP2(server.addresses[0])
    raw.writeHeaders(stream: 1, path: "/test.Test/Never")
    raw.writeMessage(stream: 1, [])
    raw.flush()
    try Deadline.wait { service.waitingCount == 1 }
    let cutOff = Box()
    let stopping = WorkerThread(name: "stop") {
      cutOff.value = server.stop(waitingAtMost: .seconds(20))
    }
    // The notice names the highest number there is: calls that are on their way still count.
    let notice = raw.read { $0.isKind(.goAway) }
    #expect(notice?.number(at: 0) == 0x7fff_ffff)
    raw.writeHeaders(stream: 3, path: "/test.Test/Echo")
    raw.writeMessage(stream: 3, Array("late too".utf8))
    raw.flush()
    #expect(raw.read { $0.isKind(.data) && $0.stream == 3 } != nil)
    raw.write(.ping, flags: RawHTTP2.ack, stream: 0, [0, 0, 0, 0, 0, 0, 0, 0])
    raw.flush()
    let last = raw.read { $0.isKind(.goAway) }
    #expect(last?.number(at: 0) == 3)
    service.answerWaiting()
    let answer = raw.read { $0.isKind(.data) }
    #expect(answer?.payload == [0, 0, 0, 0, 4] + Array("late".utf8))
    #expect(raw.read { _ in false } == nil)
    stopping.join()
    #expect(cutOff.value == 0)
    #expect(server.stop(waitingAtMost: .zero) == 0)
  }

  @Test func `calls that do not finish are cut off and counted`() throws {
    let server = try start()
    let raws = try (0..<3).map { _ in try RawHTTP2(server.addresses[0]) }
    for raw in raws {
      raw.writeHeaders(stream: 1, path: "/test.Test/Silent")
      raw.writeMessage(stream: 1, [1], ends: false)
      raw.writeHeaders(stream: 3, path: "/test.Test/Never")
      raw.writeMessage(stream: 3, [])
      raw.flush()
      #expect(raw.read { $0.isKind(.data) } != nil)
    }
    try Deadline.wait { service.waitingCount == 3 }
    #expect(server.stop(waitingAtMost: .milliseconds(20)) == 6)
    #expect(server.metrics.refusals[.stopped].value == 6)
    #expect(service.cancelled.value == 3)
    // Answers that come too late go nowhere.
    service.answerWaiting()
    for raw in raws { raw.close() }
    #expect(throws: SystemError.self) { try GRPCClientConnection(server.addresses[0]) }
  }

  @Test func `clients that do not answer are not waited for`() throws {
    let server = try start()
    let raw = try RawHTTP2(server.addresses[0])
    #expect(raw.roundTrip() != nil)
    #expect(server.stop(waitingAtMost: .seconds(60)) == 0)
    #expect(raw.read { $0.isKind(.goAway) && $0.number(at: 0) == 0 } != nil)
  }

  @Test func `health watches end with the server`() throws {
    let server = try start()
    let raw = try RawHTTP2(server.addresses[0])
    raw.writeHeaders(stream: 1, path: "/grpc.health.v1.Health/Watch")
    raw.writeMessage(stream: 1, [])
    raw.flush()
    #expect(raw.read { $0.isKind(.data) }?.payload == [0, 0, 0, 0, 2, 8, 1])
    #expect(server.stop(waitingAtMost: .seconds(60)) == 0)
    raw.close()
    #expect(server.metrics.callsFinished[.unavailable].value == 1)
  }
}

private final class Box: @unchecked Sendable {
  var value = -1
}

import Service
import Synchronization

/// The methods that gRPC clients are tested with.
final class TestService: Sendable {
  /// Calls that ended without being finished by their handler.
  let cancelled = Counter()
  private let isServing = Atomic<Bool>(true)
  /// Calls of `Never`, which are kept so that a test can answer them.
  private let lock = Lock()
  nonisolated(unsafe) private var waiting: [GRPCReply] = []

  func makeHealth() -> GRPCHealth {
    GRPCHealth { service in
      switch service {
      case "": .serving
      case "test.Test": self.isServing.load(ordering: .relaxed) ? .serving : .notServing
      default: .serviceUnknown
      }
    }
  }

  /// Calls of `Never` that have begun.
  var waitingCount: Int { lock.withLock { waiting.count } }

  /// Answers every call of `Never`.
  func answerWaiting() {
    for reply in lock.withLock({ waiting }) { reply.send(Array("late".utf8)) }
  }

  func makeRouter(_ health: GRPCHealth) -> GRPCRouter {
    var router = GRPCRouter()
    health.register(in: &router)
    addUnary(to: &router, health)
    router.stream("/test.Test/Bidi") { EchoHandler($0, self) }
    router.stream("/test.Test/Count") { CountHandler($0, self) }
    router.stream("/test.Test/Silent") { SilentHandler($0, self) }
    router.stream("/test.Test/FailAfterTwo") { FailingHandler($0, self) }
    router.stream("/test.Test/Flood") { FloodHandler($0, self) }
    return router
  }

  private func addUnary(to router: inout GRPCRouter, _ health: GRPCHealth) {
    router.unary("/test.Test/Echo") { request, reply in reply.send(request.message) }
    router.unary("/test.Test/Posted") { request, reply in
      let message = request.copy()
      _ = WorkerThread(name: "reply") { reply.send(message) }
    }
    router.unary("/test.Test/Never") { _, reply in
      self.lock.withLock { self.waiting.append(reply) }
    }
    router.unary("/test.Test/Deadline") { request, reply in
      let now = MonotonicClock.nowNanoseconds()
      reply.send(Array((request.deadlineNanoseconds.map { "\($0 - now)" } ?? "none").utf8))
    }
    router.unary("/test.Test/Fail") { request, reply in
      let message = String(decoding: request.message, as: UTF8.self)
      reply.fail(GRPCStatus(.failedPrecondition, message))
    }
    router.unary("/test.Test/Metadata") { request, reply in
      reply.send(Array((request.metadata("x-key") ?? "none").utf8))
    }
    router.unary("/test.Test/Client") { request, reply in reply.send(Array(request.client.utf8)) }
    for name in ["Cancelled", "GivenUp"] {
      router.unary("/test.Test/\(name)") { _, reply in
        reply.send(Array("\(self.cancelled.value)".utf8))
      }
    }
    router.unary("/test.Test/Degrade") { _, reply in
      self.isServing.store(false, ordering: .relaxed)
      health.refresh()
      reply.send([])
    }
  }
}

/// What the handlers below have in common.
private class TestHandler: GRPCStreamHandler {
  let call: GRPCCall
  let service: TestService

  init(_ call: GRPCCall, _ service: TestService) {
    self.call = call
    self.service = service
  }

  func onMessage(_ message: UnsafeRawBufferPointer) {}
  func onHalfClose() {}
  func onCancel() { service.cancelled.add() }
}

/// Sends back what comes.
private final class EchoHandler: TestHandler {
  override func onMessage(_ message: UnsafeRawBufferPointer) { call.send(message) }
  override func onHalfClose() { call.finish() }
}

/// Counts up to the number in the request, from another thread.
private final class CountHandler: TestHandler {
  override func onMessage(_ message: UnsafeRawBufferPointer) {
    let count = Int(String(decoding: message, as: UTF8.self)) ?? 0
    _ = WorkerThread(name: "counter") { [call] in
      for number in 0..<count { call.send(Array("\(number)".utf8)) }
      call.finish()
    }
  }
}

/// Answers once and then never ends.
private final class SilentHandler: TestHandler {
  override func onMessage(_ message: UnsafeRawBufferPointer) { call.send(Array("begun".utf8)) }
}

private final class FailingHandler: TestHandler {
  override func onMessage(_ message: UnsafeRawBufferPointer) {
    call.send(Array("one".utf8))
    call.send(Array("two".utf8))
    call.finish(GRPCStatus(.dataLoss, "lost"))
  }
}

/// Sends without end, from another thread.
private final class FloodHandler: TestHandler {
  override func onMessage(_ message: UnsafeRawBufferPointer) {
    _ = WorkerThread(name: "flood") { [call] in
      let message = [UInt8](repeating: 7, count: 65536)
      while call.send(message) {}
    }
  }
}

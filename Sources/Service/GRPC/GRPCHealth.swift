/// `grpc.health.v1.Health`: whether the server, or a service of it, can take calls.
package final class GRPCHealth: @unchecked Sendable {
  /// The protocol's `ServingStatus`.
  package enum Status: UInt32, Sendable {
    case serving = 1
    case notServing = 2
    case serviceUnknown = 3
  }

  private let status: @Sendable (_ service: String) -> Status
  private let lock = Lock()
  /// Who is told of changes, in any order.
  private var watchers: [ObjectIdentifier: Watcher] = [:]

  /// - Parameter status: The state of a service by its full name, or of the whole server for "";
  ///   called on the server's threads and on those that call `refresh`.
  package init(status: @escaping @Sendable (_ service: String) -> Status) {
    self.status = status
  }

  /// Adds the methods to a router; they need no authorization.
  package func register(in router: inout GRPCRouter) {
    router.unary("/grpc.health.v1.Health/Check", needsAuthorization: false) { request, reply in
      do throws(ProtobufError) {
        let service = try HealthRequestMessage(parsing: request.message).service
        let status = self.status(service)
        guard status != .serviceUnknown else {
          return reply.fail(GRPCStatus(.notFound, "there is no such service"))
        }
        reply.send(HealthResponseMessage(status.rawValue))
      } catch {
        reply.fail(GRPCStatus(.invalidArgument, "\(error)"))
      }
    }
    router.stream("/grpc.health.v1.Health/Watch", needsAuthorization: false) { call in
      Watcher(call, of: self)
    }
  }

  /// Tells watchers what has changed; to be called after the state of a service may have.
  package func refresh() {
    for watcher in lock.withLock({ Array(watchers.values) }) { watcher.tell() }
  }

  private func add(_ watcher: Watcher) {
    lock.withLock { watchers[ObjectIdentifier(watcher)] = watcher }
  }

  private func remove(_ watcher: Watcher) {
    lock.withLock { watchers[ObjectIdentifier(watcher)] = nil }
  }

  /// One call of `Watch`: the state now, and again after every change.
  private final class Watcher: GRPCStreamHandler, @unchecked Sendable {
    private let call: GRPCCall
    private let health: GRPCHealth
    private let lock = Lock()
    private var service: String?
    private var told: Status?

    init(_ call: GRPCCall, of health: GRPCHealth) {
      self.call = call
      self.health = health
    }

    func onMessage(_ message: UnsafeRawBufferPointer) {
      do throws(ProtobufError) {
        let service = try HealthRequestMessage(parsing: message).service
        let isFirst = lock.withLock {
          defer { if self.service == nil { self.service = service } }
          return self.service == nil
        }
        guard isFirst else {
          return end(GRPCStatus(.unimplemented, "the method takes one message"))
        }
        health.add(self)
        tell()
      } catch {
        end(GRPCStatus(.invalidArgument, "\(error)"))
      }
    }

    /// Sends the state unless it was the last that was sent.
    func tell() {
      lock.withLock {
        guard let service else { return }
        let status = health.status(service)
        guard status != told else { return }
        told = status
        call.send(HealthResponseMessage(status.rawValue))
      }
    }

    func onHalfClose() {
      if lock.withLock({ service == nil }) {
        end(GRPCStatus(.unimplemented, "the method takes one message"))
      }
    }

    func onCancel() { health.remove(self) }

    func onShutdown() { end(GRPCStatus(.unavailable, "the server is stopping")) }

    private func end(_ status: GRPCStatus) {
      health.remove(self)
      call.finish(status)
    }
  }
}

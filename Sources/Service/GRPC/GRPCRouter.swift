internal import Glibc

/// Finds the handler of a method by its path, for example `/grpc.health.v1.Health/Check`.
package struct GRPCRouter: Sendable {
  /// Answers one message with one message.
  ///
  /// It runs on a thread of the server's and must not wait. The request's bytes are gone when it
  /// returns; the reply may be sent then, later, or from another thread.
  package typealias UnaryHandler = @Sendable (GRPCRequest, GRPCReply) -> Void
  /// Begins a call that sends any number of messages either way.
  package typealias StreamHandler = @Sendable (GRPCCall) -> any GRPCStreamHandler

  struct Route: Sendable {
    enum Kind: Sendable {
      case unary(UnaryHandler)
      case stream(StreamHandler)
    }

    var path: [UInt8]
    var kind: Kind
    var needsAuthorization: Bool
  }

  private var routes: [Route] = []

  package init() {}

  /// Adds a method that takes one message and answers with one.
  package mutating func unary(
    _ path: String, needsAuthorization: Bool = true, _ handler: @escaping UnaryHandler
  ) {
    add(path, .unary(handler), needsAuthorization)
  }

  /// Adds a method that streams one way or both.
  package mutating func stream(
    _ path: String, needsAuthorization: Bool = true, _ open: @escaping StreamHandler
  ) {
    add(path, .stream(open), needsAuthorization)
  }

  private mutating func add(_ path: String, _ kind: Route.Kind, _ needsAuthorization: Bool) {
    let path = Array(path.utf8)
    precondition(
      !routes.contains { $0.path == path }, "\(String(decoding: path, as: UTF8.self)) is taken")
    routes.append(Route(path: path, kind: kind, needsAuthorization: needsAuthorization))
  }

  /// The index of a path's route: a server has few, and a comparison of bytes makes no string.
  func find(_ path: UnsafeRawBufferPointer) -> Int? {
    guard let bytes = path.baseAddress else { return nil }
    return routes.firstIndex { route in
      route.path.count == path.count && memcmp(route.path, bytes, path.count) == 0
    }
  }

  subscript(index: Int) -> Route { routes[index] }
}

import Glibc
import Service

/// Keeps connections to Envoy busy, each with one request after the other.
struct HTTPLoad {
  /// A request that was answered.
  struct Finished {
    /// Of its prompt.
    var number: Int
    /// Who answered.
    var engine: Int
    var nanoseconds: UInt64
  }

  private static let silenceMilliseconds: Int32 = 30_000

  private let connections: [HTTPLoadConnection]

  init(port: UInt16, connections count: Int) throws {
    connections = try (0..<count).map { _ in try HTTPLoadConnection(port: port) }
  }

  /// Runs requests, and finishes those under way once there are no more.
  ///
  /// - Parameters:
  ///   - next: The next request, nil at the end.
  ///   - take: Takes each request that was answered.
  func run(next: () -> HTTPLoadRequest?, take: (Finished) -> Void) throws {
    for connection in connections {
      if let request = next() { try connection.begin(request) }
    }
    var items = connections.map { pollfd(fd: $0.descriptor, events: 0, revents: 0) }
    while connections.contains(where: { $0.request != nil }) {
      for (index, connection) in connections.enumerated() {
        items[index].events = Int16(connection.isSending ? POLLIN | POLLOUT : POLLIN)
      }
      guard poll(&items, nfds_t(items.count), Self.silenceMilliseconds) > 0 else {
        throw SystemError(
          "send requests through Envoy",
          reason: "there was no answer for \(Self.silenceMilliseconds / 1000) s")
      }
      for (index, connection) in connections.enumerated() {
        let events = Int32(items[index].revents)
        if events & POLLOUT != 0 { try connection.send() }
        guard events & ~POLLOUT != 0, let request = connection.request,
          let (answer, nanoseconds) = try connection.receive()
        else { continue }
        take(
          Finished(number: request.number, engine: answer.engine, nanoseconds: nanoseconds))
        if let request = next() { try connection.begin(request) }
      }
    }
  }
}

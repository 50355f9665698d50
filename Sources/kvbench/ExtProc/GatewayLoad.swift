import Glibc
import Service

/// Keeps a number of streams busy on a few connections to an ext_proc server.
final class GatewayLoad {
  private static let connectionsMax = 4
  private static let silenceMilliseconds: Int32 = 10_000

  private let connections: [GatewayConnection]
  private let streams: Int
  private let messages: [GatewayMessages]
  private var next = 0
  private var openCount = 0

  init(port: UInt16, streams: Int, messages: [GatewayMessages]) throws {
    self.streams = streams
    self.messages = messages
    connections = try (0..<min(streams, Self.connectionsMax)).map { _ in
      try GatewayConnection(port: port)
    }
  }

  /// Runs requests, the bodies in turn, until `isEnough`, and finishes those under way.
  ///
  /// - Parameters:
  ///   - isEnough: Whether no more are to be opened; takes how many were.
  ///   - take: Takes each request that is through.
  func run(until isEnough: (Int) -> Bool, take: (GatewayConnection.Finished) -> Void) throws {
    var opened = 0
    func open(on connection: GatewayConnection) {
      guard !isEnough(opened) else { return }
      connection.open(next % messages.count, messages[next % messages.count])
      next += 1
      opened += 1
      openCount += 1
    }
    for index in 0..<streams { open(on: connections[index % connections.count]) }
    for connection in connections { try connection.flush() }
    var items = connections.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
    while openCount > 0 {
      guard poll(&items, nfds_t(items.count), Self.silenceMilliseconds) > 0 else {
        throw SystemError(
          "route requests",
          reason: "\(openCount) had no answer for \(Self.silenceMilliseconds / 1000) s")
      }
      for (index, connection) in connections.enumerated() where items[index].revents != 0 {
        for finished in try connection.receive() {
          openCount -= 1
          take(finished)
          open(on: connection)
        }
        try connection.flush()
      }
    }
  }
}

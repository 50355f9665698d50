/// The bounds of a server; each has its one default here.
package struct HTTPLimits: Sendable {
  /// A larger body is refused with 413.
  package var bodyBytesMax = 16 << 20
  /// Bodies of all requests that are not answered yet; past that a request is refused with 503.
  package var bufferedBytesMax = 256 << 20
  /// The line and headers of a request; longer ones are refused with 431.
  package var headerBytesMax = 16 << 10
  /// Memory of a connection: its headers, and the piece of a body or an answer under way.
  package var connectionBytesMax = 64 << 10
  /// What a stream's client has not read; one that lags behind further is cut off.
  package var streamBytesMax = 256 << 10
  /// Connections of each address; more wait in the kernel.
  package var connectionsMax = 1024
  /// A connection without traffic for this long is closed.
  package var idleTimeoutSeconds = 75
  /// A body that has not arrived after this long is cut off.
  package var receiveTimeout = Duration.seconds(30)
  /// A connection that outlives its server's certificate is cut off after this long.
  package var retireTimeout = Duration.seconds(120)
  package var threads = HTTPThreads.shared(1)

  package init() {}
}

/// The threads that serve the connections of one address.
package enum HTTPThreads: Sendable {
  /// So many; a handler that waits holds up its thread's other connections.
  case shared(Int)
  /// One a connection, for handlers that wait for something.
  case onePerConnection

  var areShared: Bool {
    if case .shared = self { true } else { false }
  }
}

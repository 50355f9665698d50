/// The bounds of a gRPC server; each has its one default here.
package struct GRPCLimits: Sendable {
  /// Threads that serve connections; each connection stays with one.
  package var threads = 1
  /// Of a message that a client sends.
  package var messageBytesMax = 16 << 20
  /// Of a call's names and values together.
  package var headerBytesMax = 16 << 10
  /// Connections of all addresses; more are closed at once.
  package var connectionsMax = 4096
  package var callsPerConnectionMax = 4096
  /// Of a connection's messages that have begun to arrive and are not complete.
  package var unfinishedBytesMax = 256 << 20
  /// Bytes that a call has sent and its reader has not taken; a call with more is reset.
  ///
  /// One message is always let through, so that answers may be larger.
  package var unreadBytesMax = 32 << 20
  /// A connection that is silent for so long is asked whether it is still there.
  package var keepaliveSeconds = 60
  /// How long it may take to answer that, or to begin.
  package var keepaliveAnswerSeconds = 20
  /// How long a stopping server waits for a client to take note of it.
  package var noticeMilliseconds: UInt64 = 500
  /// Resets of calls by a connection's client that are put up with at once and per second.
  ///
  /// Envoy ends every call with a reset, so this has to exceed its requests per second by far; it
  /// only stops a client that does nothing else.
  package var resetsPerSecondMax = 1_000_000

  package init() {}
}

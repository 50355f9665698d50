/// The request of a unary call, valid while its handler runs.
package struct GRPCRequest {
  /// The message, in memory that belongs to the server.
  package let message: UnsafeRawBufferPointer
  private let call: GRPCCall

  init(message: UnsafeRawBufferPointer, call: GRPCCall) {
    self.message = message
    self.call = call
  }

  /// The message's bytes, to keep.
  package func copy() -> [UInt8] { [UInt8](message) }

  /// A value that the client sent with the call; the name is in lower case.
  package func metadata(_ name: StaticString) -> String? { call.metadata(name) }

  /// The client's IP address, or `unix`.
  package var client: String { call.client }

  /// When the client stops waiting, by `MonotonicClock`; nil when it has not said.
  package var deadlineNanoseconds: UInt64? { call.deadlineNanoseconds }
}

/// The way to answer a unary call, from any thread; the first answer counts.
package struct GRPCReply: Sendable {
  /// Room that a message gets to begin with: a few pages cost less than growing to them.
  private static let likelyBytes = 8 << 10

  private let call: GRPCCall

  init(_ call: GRPCCall) { self.call = call }

  /// Whether nobody waits for the answer any more; it may then be sent all the same.
  package var isCancelled: Bool { call.isCancelled }

  package func send(_ message: UnsafeRawBufferPointer) { call.answer(message) }

  package func send(_ message: [UInt8]) { message.withUnsafeBytes { call.answer($0) } }

  package func send(_ message: some ProtobufWritable) {
    var writer = ProtobufWriter(capacity: Self.likelyBytes)
    message.write(to: &writer)
    call.answer(writer.bytes)
  }

  /// Answers with an error.
  package func fail(_ status: GRPCStatus) {
    precondition(status.code != .ok, "a failure has to have a code")
    call.finish(status)
  }
}

/// Follows one streaming call from its beginning to its end.
///
/// Every function runs on the thread that serves the call's connection, one at a time, and must
/// not wait. The handler is released after `finish` or `onCancel`, whichever comes first, and is
/// not called again.
package protocol GRPCStreamHandler: AnyObject {
  /// Takes a message; its bytes are gone when the function returns.
  func onMessage(_ message: UnsafeRawBufferPointer)

  /// The client will send no more messages.
  func onHalfClose()

  /// The call is over and was not finished: the client went away or its deadline passed, or the
  /// server gave it up, for example because nobody reads its messages.
  func onCancel()

  /// The time that the handler gave to `GRPCCall.setReminder` has come.
  func onReminder()

  /// The server is about to stop: calls that would go on without end have to finish themselves.
  func onShutdown()
}

extension GRPCStreamHandler {
  package func onReminder() {}
  package func onShutdown() {}
}

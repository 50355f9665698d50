/// What a call sends, and how it ends, on the loop's thread.
extension GRPCCall {
  /// Queues a message that `unreadBytes` counts already.
  func enqueue(_ message: UnsafeRawBufferPointer) {
    guard phase == .open, let connection else { return }
    loop.context.metrics.messagesSent.add()
    outgoing.append(0)
    outgoing.append(bigEndian: UInt32(message.count))
    outgoing.append(message)
    if hasSentHeaders {
      connection.resume(self)
    } else {
      connection.submitHeaders(self)
    }
  }

  /// Ends the call in order: with the status that its handler gave.
  func end(_ status: GRPCStatus) {
    guard phase != .ended else { return }
    phase = .ended
    handler = nil
    unaryHandler = nil
    self.status = status
    guard let connection else { return }
    if hasSentHeaders {
      connection.resume(self)
    } else {
      connection.submitTrailersOnly(self, status)
    }
  }

  /// Ends a call that its handler has not ended, with a status of the server's own.
  func abandon(_ status: GRPCStatus, _ cause: GRPCServerMetrics.Refusal) {
    guard phase != .ended else { return }
    loop.context.metrics.refusals[cause].add()
    markOver()
    let handler = self.handler
    if outgoing.isEmpty {
      end(status)
    } else {
      // A status may not follow half a message.
      drop(status)
      connection?.reset(self, .cancel)
    }
    handler?.onCancel()
  }

  /// Resets a call whose client does not read, which clients report as `RESOURCE_EXHAUSTED`.
  func giveUpReader() {
    guard phase == .open else { return }
    loop.context.metrics.refusals[.slowReader].add()
    markOver()
    let handler = self.handler
    drop(GRPCStatus(.resourceExhausted))
    connection?.reset(self, .enhanceYourCalm)
    handler?.onCancel()
  }

  private func drop(_ status: GRPCStatus) {
    phase = .ended
    handler = nil
    unaryHandler = nil
    self.status = status
    outgoing.removeAll()
  }

  /// The stream is gone: answered, reset by the client, or lost with its connection.
  func closed() {
    connection?.unfinishedBytes -= reader.heldBytes
    connection = nil
    markOver()
    outgoing.removeAll()
    let handler = self.handler
    self.handler = nil
    unaryHandler = nil
    loop.context.metrics.callEnded(status?.code ?? .cancelled)
    guard phase != .ended else { return }
    phase = .ended
    handler?.onCancel()
  }
}

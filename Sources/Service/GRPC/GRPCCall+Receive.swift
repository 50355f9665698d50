/// What arrives for a call, on the loop's thread.
extension GRPCCall {
  /// The headers are complete: hands the call to its handler, or refuses it.
  func begin() {
    let context = loop.context
    if let fault = request.fault(limits: context.limits) {
      return refuse(fault)
    }
    guard let index = request.route else { return }
    let route = context.router[index]
    if let authorize = context.authorize, route.needsAuthorization,
      !authorize(metadata("authorization"))
    {
      let status = GRPCStatus(.unauthenticated, "the call needs a valid authorization")
      return refuse(.status(status, .unauthenticated))
    }
    if request.deadlineNanoseconds != .max {
      guard request.deadlineNanoseconds > loop.now else { return expire() }
      loop.note(deadline: request.deadlineNanoseconds)
    }
    phase = .open
    switch route.kind {
    case .unary(let handler): unaryHandler = handler
    case .stream(let open):
      let opened = open(self)
      // It may have finished the call already.
      if phase == .open { handler = opened }
    }
  }

  private func refuse(_ fault: GRPCRequestHead.Fault) {
    switch fault {
    case .http(let status, let cause):
      loop.context.metrics.refusals[cause].add()
      phase = .ended
      self.status = GRPCStatus(.unknown)
      markOver()
      connection?.submitHTTPError(self, status)
    case .status(let status, let cause): abandon(status, cause)
    }
  }

  /// Takes a piece of the request.
  ///
  /// - Parameter isLast: Whether its frame ends the request, once all of it has come.
  func receive(_ chunk: UnsafeRawBufferPointer, isLast: Bool) {
    let heldBytes = reader.heldBytes
    takeMessages(chunk, isLast: isLast)
    guard let connection, reader.heldBytes != heldBytes else { return }
    connection.unfinishedBytes += reader.heldBytes - heldBytes
    guard connection.unfinishedBytes > loop.context.limits.unfinishedBytesMax else { return }
    let message = "the connection has too many messages that are not complete"
    abandon(GRPCStatus(.resourceExhausted, message), .unfinishedMessages)
  }

  private func takeMessages(_ chunk: UnsafeRawBufferPointer, isLast: Bool) {
    var chunk = chunk
    while phase == .open, !chunk.isEmpty {
      // The one message of a unary call is complete, and something follows.
      if handler == nil, reader.heldMessage != nil { return refuseMessageCount() }
      do throws(GRPCMessageReader.Fault) {
        guard let message = try reader.next(&chunk) else { return }
        loop.context.metrics.messagesReceived.add()
        if let handler {
          handler.onMessage(message)
        } else {
          receiveOnly(message, isComplete: isLast && chunk.isEmpty)
        }
      } catch {
        return refuse(error)
      }
    }
  }

  /// Takes the message of a unary call, which is answered when no other can follow.
  private func receiveOnly(_ message: UnsafeRawBufferPointer, isComplete: Bool) {
    guard let unaryHandler else { return refuseMessageCount() }
    guard isComplete else {
      reader.hold(message)
      return
    }
    self.unaryHandler = nil
    unaryHandler(GRPCRequest(message: message, call: self), GRPCReply(self))
  }

  /// The client sends no more.
  func halfClose() {
    isHalfClosed = true
    guard phase == .open else { return }
    guard reader.isBetweenMessages else {
      return abandon(
        GRPCStatus(.internal, "the request ends inside a message"), .malformedFraming)
    }
    if let handler { return handler.onHalfClose() }
    guard let unaryHandler else { return }
    guard let message = reader.heldMessage else { return refuseMessageCount() }
    self.unaryHandler = nil
    unaryHandler(GRPCRequest(message: message, call: self), GRPCReply(self))
  }

  private func refuse(_ fault: GRPCMessageReader.Fault) {
    switch fault {
    case .compressed:
      abandon(
        GRPCStatus(.unimplemented, "compressed messages are not supported"), .compressed)
    case .badFlag(let flag):
      abandon(
        GRPCStatus(.internal, "a message begins with the flag \(flag)"), .malformedFraming)
    case .tooLarge(let bytes):
      let bytesMax = loop.context.limits.messageBytesMax
      let message = "a message of \(bytes) bytes is larger than \(bytesMax)"
      abandon(GRPCStatus(.resourceExhausted, message), .messageTooLarge)
    }
  }

  private func refuseMessageCount() {
    abandon(GRPCStatus(.unimplemented, "the method takes one message"), .messageCount)
  }

  /// The deadline has passed, and there is no answer.
  func expire() {
    abandon(GRPCStatus(.deadlineExceeded, "there was no answer in time"), .deadline)
  }
}

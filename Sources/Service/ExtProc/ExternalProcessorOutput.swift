/// The way out of a stream's state machine.
protocol ExternalProcessorOutput {
  func send(_ message: UnsafeRawBufferPointer)
  /// Ends the stream in order, after what was sent.
  func finish(_ status: GRPCStatus)
}

extension ExternalProcessorOutput {
  /// Room for an answer that has no body.
  private static var likelyBytes: Int { 512 }

  func send(_ message: some ProtobufWritable) {
    var writer = ProtobufWriter(capacity: Self.likelyBytes)
    message.write(to: &writer)
    send(writer.bytes)
  }

  /// Sends a body in pieces.
  ///
  /// - Parameter endsStream: Whether nothing follows the last one; an empty body then is a piece
  ///   too.
  func send(
    _ half: ProcessingResponse.Half, body: UnsafeRawBufferPointer, endsStream: Bool
  ) {
    var rest = body
    while !rest.isEmpty || endsStream {
      let count = min(rest.count, ProcessingResponse.bodyBytesMax)
      let piece = UnsafeRawBufferPointer(rebasing: rest[..<count])
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      var writer = ProtobufWriter(capacity: count + ProcessingResponse.bodyOverheadBytes)
      ProcessingResponse.Body(half: half, bytes: piece, endsStream: endsStream && rest.isEmpty)
        .write(to: &writer)
      send(writer.bytes)
      if rest.isEmpty { return }
    }
  }
}

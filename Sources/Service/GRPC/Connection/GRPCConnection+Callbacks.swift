import CNghttp2

/// What nghttp2 calls while it takes the client's bytes and gives ours.
extension GRPCConnection {
  static func setCallbacks(_ callbacks: OpaquePointer) {
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, beginHeadersCallback)
    nghttp2_session_callbacks_set_on_header_callback(callbacks, headerCallback)
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, dataCallback)
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frameCallback)
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frameSentCallback)
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, streamClosedCallback)
    nghttp2_session_callbacks_set_send_data_callback(callbacks, sendDataCallback)
  }

  private static func connection(_ userData: UnsafeMutableRawPointer?) -> GRPCConnection {
    guard let userData else { preconditionFailure("nghttp2 lost its user data") }
    return Unmanaged<GRPCConnection>.fromOpaque(userData).takeUnretainedValue()
  }

  private static let beginHeadersCallback: nghttp2_on_begin_headers_callback = {
    _, frame, userData in
    guard let frame, frame.pointee.hd.type == NGHTTP2_HEADERS.rawValue,
      frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST
    else { return 0 }
    let connection = connection(userData)
    let id = frame.pointee.hd.stream_id
    connection.calls[id] = GRPCCall(id: id, connection: connection)
    connection.loop.context.metrics.callStarted()
    return 0
  }

  private static let headerCallback: nghttp2_on_header_callback = {
    _, frame, name, nameCount, value, valueCount, _, userData in
    let connection = connection(userData)
    // Trailers of a request come when its call is open: gRPC has no use for them.
    guard let frame, let call = connection.calls[frame.pointee.hd.stream_id],
      call.phase == .beginning
    else { return 0 }
    call.request.take(
      UnsafeRawBufferPointer(start: name, count: nameCount),
      UnsafeRawBufferPointer(start: value, count: valueCount), connection.loop.context,
      now: connection.loop.now)
    return 0
  }

  private static let dataCallback: nghttp2_on_data_chunk_recv_callback = {
    _, flags, id, bytes, count, userData in
    guard let call = connection(userData).calls[id] else { return 0 }
    call.receive(
      UnsafeRawBufferPointer(start: bytes, count: count),
      isLast: UInt32(flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0)
    return 0
  }

  private static let frameCallback: nghttp2_on_frame_recv_callback = { _, frame, userData in
    guard let frame else { return 0 }
    let connection = connection(userData)
    let header = frame.pointee.hd
    connection.hasBegun = true
    switch UInt32(header.type) {
    case NGHTTP2_HEADERS.rawValue, NGHTTP2_DATA.rawValue:
      guard let call = connection.calls[header.stream_id] else { return 0 }
      if call.phase == .beginning { call.begin() }
      if UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0 { call.halfClose() }
    case NGHTTP2_PING.rawValue where UInt32(header.flags) & NGHTTP2_FLAG_ACK.rawValue != 0:
      connection.finishDrain()
    default: break
    }
    return 0
  }

  private static let frameSentCallback: nghttp2_on_frame_send_callback = {
    session, frame, userData in
    guard let frame else { return 0 }
    let header = frame.pointee.hd
    guard UInt32(header.type) == NGHTTP2_HEADERS.rawValue,
      UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
    else { return 0 }
    // An answer that comes before the request has ended leaves nothing to wait for.
    if let call = connection(userData).calls[header.stream_id], !call.isHalfClosed {
      nghttp2_submit_rst_stream(
        session, UInt8(NGHTTP2_FLAG_NONE.rawValue), call.id, NGHTTP2_NO_ERROR.rawValue)
    }
    return 0
  }

  private static let streamClosedCallback: nghttp2_on_stream_close_callback = {
    _, id, _, userData in
    connection(userData).calls.removeValue(forKey: id)?.closed()
    return 0
  }

  // MARK: Messages

  /// Of every frame of HTTP/2.
  private static let frameHeaderBytes = 9

  /// Says how many bytes of a call's messages go into the next frame.
  static let readCallback: nghttp2_data_source_read_callback = {
    session, id, _, space, flags, source, _ in
    guard let pointer = source?.pointee.ptr, let flags else {
      preconditionFailure("nghttp2 lost its data source")
    }
    let call = Unmanaged<GRPCCall>.fromOpaque(pointer).takeUnretainedValue()
    let count = min(space, call.outgoing.count)
    if count == call.outgoing.count {
      if let status = call.status {
        flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue | NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
        let result = HTTP2Header.withStatus(status, isAlone: false) {
          nghttp2_submit_trailer(session, id, $0, $1)
        }
        precondition(result == 0, "nghttp2_submit_trailer: \(result)")
      } else if count == 0 {
        call.isDeferred = true
        return Int(NGHTTP2_ERR_DEFERRED.rawValue)
      }
    }
    flags.pointee |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue
    return count
  }

  /// Writes a frame of a call's messages behind the frames before it.
  private static let sendDataCallback: nghttp2_send_data_callback = {
    _, _, frameHeader, count, source, userData in
    guard let pointer = source?.pointee.ptr else {
      preconditionFailure("nghttp2 lost its data source")
    }
    let connection = connection(userData)
    let call = Unmanaged<GRPCCall>.fromOpaque(pointer).takeUnretainedValue()
    connection.outgoing.append(
      UnsafeRawBufferPointer(start: frameHeader, count: frameHeaderBytes))
    connection.outgoing.append(UnsafeRawBufferPointer(rebasing: call.outgoing.bytes.prefix(count)))
    call.outgoing.consume(count)
    call.wereRead(count)
    return 0
  }
}

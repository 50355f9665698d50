import CNghttp2

/// What all HTTP/2 sessions of a server share: nghttp2's callbacks, options and settings.
final class HTTP2Configuration: @unchecked Sendable {
  let callbacks: OpaquePointer
  let option: OpaquePointer
  private let settings: [nghttp2_settings_entry]
  /// Bytes that a client may send of one call before it has to wait.
  ///
  /// Of all its calls, eight times as many. HTTP/2's default would make large messages wait for
  /// round trips.
  private static let windowBytes: Int32 = 1 << 20

  init(_ limits: GRPCLimits) {
    var callbacks: OpaquePointer?
    var option: OpaquePointer?
    guard nghttp2_session_callbacks_new(&callbacks) == 0, nghttp2_option_new(&option) == 0,
      let callbacks, let option
    else { preconditionFailure("no memory for nghttp2's options") }
    self.callbacks = callbacks
    self.option = option
    GRPCConnection.setCallbacks(callbacks)
    // nghttp2's default, meant against attacks, would end Envoy's connections.
    let resets = UInt64(limits.resetsPerSecondMax)
    nghttp2_option_set_stream_reset_rate_limit(option, resets, resets)
    nghttp2_option_set_no_closed_streams(option, 1)
    settings = [
      Self.entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.callsPerConnectionMax),
      Self.entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, Int(Self.windowBytes)),
      Self.entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.headerBytesMax),
      Self.entry(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1),
    ]
  }

  deinit {
    nghttp2_session_callbacks_del(callbacks)
    nghttp2_option_del(option)
  }

  private static func entry(_ id: nghttp2_settings_id, _ value: Int) -> nghttp2_settings_entry {
    nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: UInt32(value))
  }

  /// A server's side of a connection, with its settings about to be sent.
  func makeSession(userData: UnsafeMutableRawPointer) -> OpaquePointer {
    var session: OpaquePointer?
    guard nghttp2_session_server_new2(&session, callbacks, userData, option) == 0, let session
    else { preconditionFailure("no memory for a connection") }
    nghttp2_submit_settings(session, 0, settings, settings.count)
    nghttp2_session_set_local_window_size(session, 0, 0, 8 * Self.windowBytes)
    return session
  }
}

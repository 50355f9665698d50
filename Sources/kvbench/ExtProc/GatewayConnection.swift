import CNghttp2
import Glibc
import Service

/// A connection of a played gateway: many streams at a time on one thread.
final class GatewayConnection {
  /// A request that is through.
  struct Finished {
    var number: Int
    var requestNanoseconds: UInt64
    var port: UInt16?
  }

  private static let windowBytes: Int32 = 8 << 20
  private static let cancel: UInt32 = 8

  let descriptor: Int32
  private var session: OpaquePointer?
  private var streams: [Int32: GatewayStream] = [:]
  private var outgoing: [UInt8] = []
  private var buffer = [UInt8](repeating: 0, count: 256 << 10)
  /// Since they were last taken.
  private var finished: [Finished] = []
  /// Why a callback gave up.
  private var failure: (any Error)?

  /// Connects to an ext_proc server without TLS.
  init(port: UInt16) throws {
    descriptor = try LoopbackSocket.connect(to: port)
    var callbacks: OpaquePointer?
    guard nghttp2_session_callbacks_new(&callbacks) == 0 else {
      preconditionFailure("no memory for nghttp2")
    }
    defer { nghttp2_session_callbacks_del(callbacks) }
    nghttp2_session_callbacks_set_on_header_callback(callbacks, Self.headerCallback)
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Self.dataCallback)
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Self.closedCallback)
    nghttp2_session_client_new(&session, callbacks, Unmanaged.passUnretained(self).toOpaque())
    var setting = nghttp2_settings_entry(
      settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
      value: UInt32(Self.windowBytes))
    nghttp2_submit_settings(session, 0, &setting, 1)
    nghttp2_session_set_local_window_size(session, 0, 0, Self.windowBytes)
    try flush()
  }

  deinit {
    nghttp2_session_del(session)
    close(descriptor)
  }

  /// Streams that are not through.
  var openCount: Int { streams.count }

  /// Opens a stream; it goes out with the next `flush`.
  func open(_ number: Int, _ messages: GatewayMessages) {
    let stream = GatewayStream(number, messages)
    var headers = [
      Self.header(":method", "POST"), Self.header(":scheme", "http"),
      Self.header(":path", "/envoy.service.ext_proc.v3.ExternalProcessor/Process"),
      Self.header(":authority", "localhost"), Self.header("te", "trailers"),
      Self.header("content-type", "application/grpc"),
    ]
    var source = nghttp2_data_provider()
    source.source.ptr = Unmanaged.passUnretained(stream).toOpaque()
    source.read_callback = Self.readCallback
    let id = nghttp2_submit_request(session, nil, &headers, headers.count, &source, nil)
    precondition(id > 0, "nghttp2_submit_request: \(id)")
    streams[id] = stream
  }

  /// Sends what is due.
  func flush() throws {
    while true {
      var frames: UnsafePointer<UInt8>?
      let count = nghttp2_session_mem_send(session, &frames)
      guard count > 0 else { break }
      outgoing.append(contentsOf: UnsafeBufferPointer(start: frames, count: count))
    }
    var sent = 0
    while sent < outgoing.count {
      let count = outgoing.withUnsafeBytes {
        send(descriptor, $0.baseAddress.map { $0 + sent }, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw SystemError("send to the ext_proc server") }
      sent += count
    }
    outgoing.removeAll(keepingCapacity: true)
  }

  /// Takes what has come; to be called when the socket is readable.
  ///
  /// - Returns: The requests that it finished.
  func receive() throws -> [Finished] {
    let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
    guard count > 0 else {
      throw SystemError("receive from the ext_proc server", reason: "the connection was lost")
    }
    let result = nghttp2_session_mem_recv(session, buffer, count)
    if let failure { throw failure }
    guard result >= 0 else {
      let reason = String(cString: nghttp2_strerror(Int32(result)))
      throw SystemError("receive from the ext_proc server", reason: reason)
    }
    defer { finished.removeAll(keepingCapacity: true) }
    return finished
  }

  /// Resets a stream that is through, as Envoy does.
  private func finish(_ id: Int32, _ stream: GatewayStream) {
    finished.append(
      Finished(
        number: stream.number, requestNanoseconds: stream.requestNanoseconds, port: stream.port))
    nghttp2_submit_rst_stream(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, Self.cancel)
  }

  // MARK: nghttp2

  private static func header(_ name: StaticString, _ value: StaticString) -> nghttp2_nv {
    let flags = NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue
    return nghttp2_nv(
      name: UnsafeMutablePointer(mutating: name.utf8Start),
      value: UnsafeMutablePointer(mutating: value.utf8Start), namelen: name.utf8CodeUnitCount,
      valuelen: value.utf8CodeUnitCount, flags: UInt8(flags))
  }

  private static func connection(_ userData: UnsafeMutableRawPointer?) -> GatewayConnection {
    guard let userData else { preconditionFailure("nghttp2 lost its user data") }
    return Unmanaged<GatewayConnection>.fromOpaque(userData).takeUnretainedValue()
  }

  private static let readCallback: nghttp2_data_source_read_callback = {
    _, _, target, space, _, source, _ in
    guard let pointer = source?.pointee.ptr else {
      preconditionFailure("nghttp2 lost its data source")
    }
    let stream = Unmanaged<GatewayStream>.fromOpaque(pointer).takeUnretainedValue()
    let count = min(space, stream.unsentCount)
    guard count > 0 else {
      stream.isDeferred = true
      return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }
    stream.take(count, into: UnsafeMutableRawBufferPointer(start: target, count: space))
    return count
  }

  private static let headerCallback: nghttp2_on_header_callback = {
    _, frame, name, nameCount, value, valueCount, _, userData in
    guard let frame, let stream = connection(userData).streams[frame.pointee.hd.stream_id] else {
      return 0
    }
    let name = String(decoding: UnsafeBufferPointer(start: name, count: nameCount), as: UTF8.self)
    guard name.hasPrefix("grpc-") else { return 0 }
    let value = String(
      decoding: UnsafeBufferPointer(start: value, count: valueCount), as: UTF8.self)
    if name == "grpc-status" { stream.status = Int(value) }
    if name == "grpc-message" { stream.statusMessage = value }
    return 0
  }

  private static let dataCallback: nghttp2_on_data_chunk_recv_callback = {
    session, _, id, bytes, count, userData in
    let connection = connection(userData)
    guard let stream = connection.streams[id], stream.phase != .over else { return 0 }
    do {
      let hasMore = try stream.receive(UnsafeRawBufferPointer(start: bytes, count: count))
      if hasMore, stream.isDeferred {
        stream.isDeferred = false
        nghttp2_session_resume_data(session, id)
      }
      if stream.phase == .over { connection.finish(id, stream) }
      return 0
    } catch {
      connection.failure = error
      return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
    }
  }

  private static let closedCallback: nghttp2_on_stream_close_callback = { _, id, _, userData in
    let connection = connection(userData)
    guard let stream = connection.streams.removeValue(forKey: id), stream.phase != .over else {
      return 0
    }
    do {
      try stream.end()
      connection.finished.append(
        Finished(
          number: stream.number, requestNanoseconds: stream.requestNanoseconds, port: stream.port))
      return 0
    } catch {
      connection.failure = error
      return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
    }
  }
}

import CLinux
import CNghttp2
import Glibc

/// A plaintext connection that makes unary calls one after the other and waits for each.
///
/// It is there for measurements and tests; it has no deadlines and does not reconnect.
package final class GRPCClientConnection {
  private var descriptor: Int32
  private let path: String
  private var session: OpaquePointer?
  private var call = Call()
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

  /// The call under way.
  private struct Call: ~Copyable {
    var request = ByteBuffer()
    var reader = GRPCMessageReader(messageBytesMax: 64 << 20)
    var message: [UInt8]?
    var code: GRPCCode?
    var text = ""
    var isClosed = false
  }

  /// Connects to a server.
  package init(_ address: ListenAddress) throws(SystemError) {
    path = "\(address)"
    descriptor = try Self.connect(to: address)
    var callbacks: OpaquePointer?
    guard nghttp2_session_callbacks_new(&callbacks) == 0 else {
      preconditionFailure("no memory for nghttp2")
    }
    defer { nghttp2_session_callbacks_del(callbacks) }
    nghttp2_session_callbacks_set_on_header_callback(callbacks, Self.headerCallback)
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Self.dataCallback)
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Self.closedCallback)
    nghttp2_session_client_new(
      &session, callbacks, Unmanaged.passUnretained(self).toOpaque())
    let windowBytes: Int32 = 8 << 20
    var setting = nghttp2_settings_entry(
      settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: UInt32(windowBytes))
    nghttp2_submit_settings(session, 0, &setting, 1)
    nghttp2_session_set_local_window_size(session, 0, 0, windowBytes)
  }

  deinit {
    nghttp2_session_del(session)
    close()
    buffer.deallocate()
  }

  /// Closes the connection; any further call fails.
  package func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  /// Calls a method and waits for its answer.
  ///
  /// - Parameter method: Its path, for example `/grpc.health.v1.Health/Check`.
  /// - Returns: The status and, where there is one, the message.
  /// - Throws: `SystemError` when the connection is lost or the server's bytes make no sense.
  package func unary(
    _ method: StaticString, _ message: [UInt8]
  ) throws(SystemError) -> (status: GRPCStatus, message: [UInt8]?) {
    call = Call()
    call.request.append(0)
    call.request.append(bigEndian: UInt32(message.count))
    message.withUnsafeBytes { call.request.append($0) }
    submit(method)
    while !call.isClosed {
      try send()
      guard !call.isClosed else { break }
      let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
      guard count != 0 else { throw failure("the server closed the connection") }
      guard count > 0 else { throw SystemError("call \(path)") }
      let result = nghttp2_session_mem_recv(
        session, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), count)
      guard result >= 0 else { throw failure(String(cString: nghttp2_strerror(Int32(result)))) }
    }
    guard let code = call.code else { throw failure("the call was reset") }
    return (GRPCStatus(code, call.text), call.message)
  }

  private func failure(_ reason: String) -> SystemError {
    SystemError("call \(path)", reason: reason)
  }

  private func submit(_ method: StaticString) {
    var headers = [
      HTTP2Header.constant(":method", "POST"), HTTP2Header.constant(":scheme", "http"),
      HTTP2Header.constant(":path", method), HTTP2Header.constant(":authority", "localhost"),
      HTTP2Header.constant("content-type", "application/grpc"),
      HTTP2Header.constant("te", "trailers"),
    ]
    var source = nghttp2_data_provider()
    source.read_callback = Self.readCallback
    let id = nghttp2_submit_request(session, nil, &headers, headers.count, &source, nil)
    precondition(id > 0, "nghttp2_submit_request: \(id)")
  }

  private func send() throws(SystemError) {
    while true {
      var frames: UnsafePointer<UInt8>?
      let count = nghttp2_session_mem_send(session, &frames)
      guard count > 0 else { return }
      var sent = 0
      while sent < count {
        let result = Glibc.send(
          descriptor, frames.map { $0 + sent }, count - sent, Int32(MSG_NOSIGNAL))
        guard result > 0 else { throw SystemError("call \(path)") }
        sent += result
      }
    }
  }

  // MARK: nghttp2

  private static func connection(_ userData: UnsafeMutableRawPointer?) -> GRPCClientConnection {
    guard let userData else { preconditionFailure("nghttp2 lost its user data") }
    return Unmanaged<GRPCClientConnection>.fromOpaque(userData).takeUnretainedValue()
  }

  private static let readCallback: nghttp2_data_source_read_callback = {
    _, _, target, space, flags, _, userData in
    let connection = connection(userData)
    let count = min(space, connection.call.request.count)
    UnsafeMutableRawBufferPointer(start: target, count: space).copyMemory(
      from: UnsafeRawBufferPointer(rebasing: connection.call.request.bytes.prefix(count)))
    connection.call.request.consume(count)
    if connection.call.request.isEmpty { flags?.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
    return count
  }

  private static let headerCallback: nghttp2_on_header_callback = {
    _, _, name, nameCount, value, valueCount, _, userData in
    let connection = connection(userData)
    let name = UnsafeRawBufferPointer(start: name, count: nameCount)
    let value = UnsafeRawBufferPointer(start: value, count: valueCount)
    if name.equals("grpc-status") {
      let number = Int(String(decoding: value, as: UTF8.self)) ?? -1
      connection.call.code = GRPCCode(number: number) ?? .unknown
    } else if name.equals("grpc-message") {
      connection.call.text = GRPCStatus.decodedMessage(value)
    }
    return 0
  }

  private static let dataCallback: nghttp2_on_data_chunk_recv_callback = {
    _, _, _, bytes, count, userData in
    let connection = connection(userData)
    var chunk = UnsafeRawBufferPointer(start: bytes, count: count)
    do throws(GRPCMessageReader.Fault) {
      while let message = try connection.call.reader.next(&chunk) {
        connection.call.message = [UInt8](message)
      }
      return 0
    } catch {
      return NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
    }
  }

  private static let closedCallback: nghttp2_on_stream_close_callback = { _, _, _, userData in
    connection(userData).call.isClosed = true
    return 0
  }
}

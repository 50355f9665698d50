import CNghttp2

/// One client's connection: bytes from the socket to nghttp2 and back, on its loop's thread.
///
/// nghttp2 calls this object while it is fed (`GRPCConnection+Callbacks`), and handlers run then;
/// what they send is collected, and goes out when the loop calls `flush`.
final class GRPCConnection {
  /// Bytes that wait for the socket; nghttp2 is not asked for more than this.
  private static let outgoingBytesMax = 64 << 10
  /// Reads in a row, so that one busy client does not hold up the others.
  private static let readsMax = 16

  /// How far the connection has come on its way to an orderly end.
  enum Drain {
    /// New calls are welcome.
    case none
    /// The client was told to open no more calls; those under way to us still begin.
    case announced
    /// The last call that will be served is decided.
    case closing
  }

  let id: UInt64
  let client: String
  let loop: GRPCLoop
  var calls: [Int32: GRPCCall] = [:]
  private(set) var socket: ConnectionSocket
  private(set) var session: OpaquePointer?
  var outgoing = ByteBuffer()
  /// What its calls hold of messages that are not complete.
  var unfinishedBytes = 0
  var drain = Drain.none
  /// The client has sent something that HTTP/2 understands.
  var hasBegun = false
  private(set) var isClosed = false
  /// The loop has it on its list of connections to flush.
  var isFlushDue = false
  /// When bytes last came, by the loop's clock.
  private(set) var lastReceived: UInt64
  /// When a silent client was asked whether it is there; nil when it is not silent.
  private(set) var askedAt: UInt64?
  private var watchesWritable = false

  init(id: UInt64, descriptor: Int32, client: String, loop: GRPCLoop) {
    self.id = id
    self.client = client
    self.loop = loop
    lastReceived = loop.now
    socket = ConnectionSocket(descriptor: descriptor, tls: loop.context.tls?.current)
    session = loop.context.http2.makeSession(
      userData: Unmanaged.passUnretained(self).toOpaque())
  }

  // MARK: Input

  /// Reads what has come; handlers run meanwhile.
  func receive() {
    for _ in 0..<Self.readsMax {
      guard !isClosed else { return }
      switch socket.read(into: loop.readBuffer) {
      case .wouldBlock: return
      case .closed: return close()
      case .bytes(let count):
        lastReceived = loop.now
        askedAt = nil
        let bytes = loop.readBuffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        guard nghttp2_session_mem_recv(session, bytes, count) >= 0 else {
          loop.context.metrics.refusals[hasBegun ? .protocolError : .handshake].add()
          return close()
        }
        // A plain socket had no more; TLS hands out one record at a time.
        if loop.context.tls == nil, count < loop.readBuffer.count { return }
      }
    }
    loop.revisit(self)
  }

  // MARK: Output

  /// Sends what nghttp2 has, as far as the socket takes it.
  func flush() {
    guard !isClosed else { return }
    repeat {
      collect()
      guard !outgoing.isEmpty else { break }
      switch socket.write(outgoing.bytes) {
      case .bytes(let count): outgoing.consume(count)
      case .wouldBlock: return watch(writable: true)
      case .closed: return close()
      }
    } while true
    if drain == .closing, calls.isEmpty { return close() }
    let wantsMore =
      nghttp2_session_want_read(session) != 0 || nghttp2_session_want_write(session) != 0
    guard wantsMore else { return close() }
    watch(writable: socket.isWriteDue)
  }

  /// Takes frames from nghttp2; those with messages are written by its callback.
  private func collect() {
    while outgoing.count < Self.outgoingBytesMax {
      var frames: UnsafePointer<UInt8>?
      let count = nghttp2_session_mem_send(session, &frames)
      guard count > 0 else { return }
      outgoing.append(UnsafeRawBufferPointer(start: frames, count: count))
    }
  }

  private func watch(writable: Bool) {
    guard watchesWritable != writable else { return }
    watchesWritable = writable
    loop.watch(self, writable: writable)
  }

  // MARK: Calls

  /// Submits the headers of an answer, after which nghttp2 asks for its messages.
  func submitHeaders(_ call: GRPCCall) {
    call.hasSentHeaders = true
    var source = nghttp2_data_provider()
    source.source.ptr = Unmanaged.passUnretained(call).toOpaque()
    source.read_callback = Self.readCallback
    let result = HTTP2Header.withResponse {
      nghttp2_submit_response(session, call.id, $0, $1, &source)
    }
    precondition(result == 0, "nghttp2_submit_response: \(result)")
    loop.flushLater(self)
  }

  /// Submits an answer that has a status and no message.
  func submitTrailersOnly(_ call: GRPCCall, _ status: GRPCStatus) {
    call.hasSentHeaders = true
    let result = HTTP2Header.withStatus(status, isAlone: true) {
      nghttp2_submit_response(session, call.id, $0, $1, nil)
    }
    precondition(result == 0, "nghttp2_submit_response: \(result)")
    loop.flushLater(self)
  }

  /// Submits an answer that is not gRPC.
  func submitHTTPError(_ call: GRPCCall, _ status: StaticString) {
    call.hasSentHeaders = true
    var header = HTTP2Header.constant(":status", status)
    nghttp2_submit_response(session, call.id, &header, 1, nil)
    loop.flushLater(self)
  }

  /// Has nghttp2 ask again for what a call sends.
  func resume(_ call: GRPCCall) {
    if call.isDeferred {
      call.isDeferred = false
      nghttp2_session_resume_data(session, call.id)
    }
    loop.flushLater(self)
  }

  func reset(_ call: GRPCCall, _ code: HTTP2ResetCode) {
    nghttp2_submit_rst_stream(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), call.id, code.rawValue)
    loop.flushLater(self)
  }

  // MARK: Life

  /// Looks after a silent client, about once a second.
  func tick() {
    let limits = loop.context.limits
    let silence = loop.now - lastReceived
    let answerNanoseconds = UInt64(limits.keepaliveAnswerSeconds) * 1_000_000_000
    if let askedAt {
      guard loop.now - askedAt > answerNanoseconds else { return }
      loop.context.metrics.refusals[.keepalive].add()
      close()
    } else if !hasBegun {
      guard silence > answerNanoseconds else { return }
      loop.context.metrics.refusals[.handshake].add()
      close()
    } else if silence > UInt64(limits.keepaliveSeconds) * 1_000_000_000 {
      askedAt = loop.now
      nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil)
      loop.flushLater(self)
    }
  }

  /// Tells the client to open no more calls; the answer to a ping shows that it knows.
  func announceDrain() {
    guard drain == .none else { return }
    drain = .announced
    nghttp2_submit_shutdown_notice(session)
    nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil)
    for call in Array(calls.values) { call.handler?.onShutdown() }
    loop.flushLater(self)
  }

  /// Serves the calls that have begun, and closes after the last.
  func finishDrain() {
    guard drain == .announced else { return }
    drain = .closing
    nghttp2_submit_goaway(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue),
      nghttp2_session_get_last_proc_stream_id(session), 0, nil, 0)
    loop.flushLater(self)
  }

  /// Drops the connection and all its calls; to be called outside of nghttp2.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    nghttp2_session_del(session)
    session = nil
    let open = Array(calls.values)
    calls = [:]
    for call in open { call.closed() }
    loop.forget(self)
  }
}

/// Why a stream is reset, by HTTP/2's numbers.
enum HTTP2ResetCode: UInt32 {
  case cancel = 8
  case enhanceYourCalm = 11
}

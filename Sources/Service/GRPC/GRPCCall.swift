import Synchronization

/// One call on a server: its messages out and its end, from any thread.
///
/// What is sent from the thread that serves the connection (in a handler's functions) goes out
/// when the handler returns; what other threads send is handed over to that thread.
package final class GRPCCall: @unchecked Sendable {
  /// How far a call has come, on the thread that serves it.
  enum Phase {
    /// The client's headers are arriving. May become `open` or `ended`.
    case beginning
    /// A handler is responsible for it. May become `ended`.
    case open
    /// Its status is known; what is left is to send it. Messages that still come are dropped.
    case ended
  }

  let loop: GRPCLoop
  /// HTTP/2's number of the stream.
  let id: Int32
  /// The client's IP address, or `unix`.
  package let client: String
  private let isOver = Atomic<Bool>(false)
  private let hasEnd = Atomic<Bool>(false)
  /// Sent and not yet taken by the client, framing included.
  private let unreadBytes = Atomic<Int>(0)

  // Of the loop's thread:

  /// Nil once the stream is closed.
  var connection: GRPCConnection?
  var phase = Phase.beginning
  var request = GRPCRequestHead()
  var reader: GRPCMessageReader
  var handler: (any GRPCStreamHandler)?
  var unaryHandler: GRPCRouter.UnaryHandler?
  var isHalfClosed = false
  var outgoing = ByteBuffer()
  var status: GRPCStatus?
  var hasSentHeaders = false
  /// nghttp2 waits to be told that there is more to send.
  var isDeferred = false
  /// When the handler wants to be reminded; `.max` for never.
  private(set) var reminderNanoseconds = UInt64.max

  init(id: Int32, connection: GRPCConnection) {
    self.id = id
    loop = connection.loop
    client = connection.client
    reader = GRPCMessageReader(messageBytesMax: connection.loop.context.limits.messageBytesMax)
    self.connection = connection
  }

  /// Whether nobody will read what is sent from now on.
  package var isCancelled: Bool { isOver.load(ordering: .acquiring) }

  /// When the client stops waiting, by `MonotonicClock`; nil when it has not said.
  package var deadlineNanoseconds: UInt64? {
    request.deadlineNanoseconds == .max ? nil : request.deadlineNanoseconds
  }

  /// A value that the client sent with the call; the name is in lower case.
  package func metadata(_ name: StaticString) -> String? { request.metadata[name] }

  // MARK: From any thread

  /// Sends a message.
  ///
  /// - Returns: Whether the call goes on. A client that does not read is given up once
  ///   `GRPCLimits.unreadBytesMax` bytes wait for it.
  @discardableResult
  package func send(_ message: UnsafeRawBufferPointer) -> Bool {
    guard reserve(message.count) else { return false }
    if loop.isCurrent {
      enqueue(message)
    } else {
      loop.post(.message(self, [UInt8](message)))
    }
    return true
  }

  @discardableResult
  package func send(_ message: [UInt8]) -> Bool {
    guard reserve(message.count) else { return false }
    if loop.isCurrent {
      message.withUnsafeBytes { enqueue($0) }
    } else {
      loop.post(.message(self, message))
    }
    return true
  }

  @discardableResult
  package func send(_ message: some ProtobufWritable) -> Bool {
    var writer = ProtobufWriter()
    message.write(to: &writer)
    return send(writer.bytes)
  }

  /// Ends the call once everything that was sent has gone out.
  ///
  /// - Returns: Whether this is its end: the first counts, whichever thread it comes from.
  @discardableResult
  package func finish(_ status: GRPCStatus = .ok) -> Bool {
    guard claimEnd() else { return false }
    if loop.isCurrent {
      end(status)
    } else {
      loop.post(.end(self, status))
    }
    return true
  }

  /// Sends the only message of a unary call, and its end.
  func answer(_ message: UnsafeRawBufferPointer) {
    guard claimEnd() else { return }
    unreadBytes.wrappingAdd(message.count + Self.prefixBytes, ordering: .relaxed)
    if loop.isCurrent {
      enqueue(message)
      end(.ok)
    } else {
      loop.post(.answer(self, [UInt8](message)))
    }
  }

  /// Whether the call had no end before.
  private func claimEnd() -> Bool { !hasEnd.exchange(true, ordering: .relaxed) }

  /// Counts a message as unread, or gives the call up when there are too many bytes.
  private func reserve(_ messageBytes: Int) -> Bool {
    guard !isCancelled else { return false }
    let bytes = messageBytes + Self.prefixBytes
    let (before, after) = unreadBytes.wrappingAdd(bytes, ordering: .relaxed)
    guard before > 0, after > loop.context.limits.unreadBytesMax else { return true }
    if loop.isCurrent {
      giveUpReader()
    } else {
      loop.post(.giveUpReader(self))
    }
    return false
  }

  static let prefixBytes = 5

  /// Runs `body` on the thread that serves the call: at once where that is this thread, or where
  /// that thread has ended.
  package func perform(_ body: @escaping @Sendable () -> Void) {
    if loop.isCurrent {
      body()
    } else {
      loop.post(.work(body))
    }
  }

  // MARK: On the loop's thread

  /// Has the handler's `onReminder` called, once, some milliseconds after a time at the latest.
  ///
  /// - Parameter nanoseconds: By `MonotonicClock`; takes the place of an earlier one, nil of any.
  package func setReminder(atNanoseconds nanoseconds: UInt64?) {
    reminderNanoseconds = nanoseconds ?? .max
    if let nanoseconds { loop.note(deadline: nanoseconds) }
  }

  func remind() {
    reminderNanoseconds = .max
    handler?.onReminder()
  }

  /// Takes note that the client was sent bytes.
  func wereRead(_ count: Int) { unreadBytes.wrappingSubtract(count, ordering: .relaxed) }

  func markOver() { isOver.store(true, ordering: .releasing) }
}

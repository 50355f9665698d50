import CMHD

/// An answer that is sent as it is written, for as long as its client reads it.
///
/// It is written from any thread and waits for nothing: a client that reads too slowly is cut off
/// when its buffer is full. That a client has gone is noticed with a later write. `finish` has to
/// be called at some time; a server that stops, or takes new certificates, finishes its streams.
package final class HTTPStream: @unchecked Sendable {
  private enum Phase {
    /// May be written. Next: `finished` or `closed`.
    case open
    /// Ends when the client has read what is buffered. Next: `closed`.
    case finished
    /// Nothing more is sent. Last.
    case closed
  }

  private let connection: OpaquePointer
  private let limits: HTTPLimits
  private let metrics: HTTPServerMetrics
  /// Guards what follows, and that nothing is resumed which is not suspended yet.
  private let lock = ConditionLock()
  private var phase = Phase.open
  private var buffer: [UInt8] = []
  /// Bytes at the buffer's start that are sent already.
  private var sentBytes = 0
  private var isSuspended = false

  init(on connection: OpaquePointer, _ limits: HTTPLimits, _ metrics: HTTPServerMetrics) {
    self.connection = connection
    self.limits = limits
    self.metrics = metrics
  }

  /// Whether nothing that is written arrives any more.
  package var isClosed: Bool { lock.withLock { phase != .open } }

  /// Sends `bytes` after what was written before.
  ///
  /// - Returns: False when the stream is closed: its client has gone or was too slow.
  @discardableResult
  package func write(_ bytes: [UInt8]) -> Bool {
    lock.withLock {
      guard phase == .open else { return false }
      if buffer.count - sentBytes + bytes.count > limits.streamBytesMax {
        metrics.refusals[.slowReader].add()
        end(.closed)
        return false
      }
      // What is sent goes when the client catches up, or here when it never quite does.
      if sentBytes > limits.streamBytesMax {
        buffer.removeFirst(sentBytes)
        sentBytes = 0
      }
      buffer += bytes
      wake()
      return true
    }
  }

  /// Ends the answer after what was written.
  package func finish() {
    lock.withLock {
      if phase == .open { end(.finished) }
    }
  }

  /// Ends the answer in the middle.
  func close() {
    lock.withLock { end(.closed) }
  }

  /// Gives libmicrohttpd the next bytes; lets the connection rest when there are none.
  ///
  /// To be called on the server's thread.
  func read(into out: UnsafeMutableRawBufferPointer) -> Int {
    lock.withLock {
      while phase != .closed, sentBytes == buffer.count {
        if phase == .finished { return cmhd_end_of_stream }
        isSuspended = true
        guard limits.threads.areShared else {
          lock.wait()
          continue
        }
        MHD_suspend_connection(connection)
        return 0
      }
      guard phase != .closed else { return cmhd_end_with_error }
      let piece = buffer[sentBytes...].prefix(out.count)
      out.copyBytes(from: piece)
      sentBytes += piece.count
      if sentBytes == buffer.count {
        buffer.removeAll(keepingCapacity: true)
        sentBytes = 0
      }
      return piece.count
    }
  }

  private func end(_ last: Phase) {
    phase = last
    if last == .closed {
      buffer = []
      sentBytes = 0
    }
    wake()
  }

  private func wake() {
    guard isSuspended else { return }
    isSuspended = false
    if limits.threads.areShared { MHD_resume_connection(connection) } else { lock.broadcast() }
  }
}

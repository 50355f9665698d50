import CMHD

/// The streams of a daemon that are not over.
final class HTTPStreams: @unchecked Sendable {
  /// What libmicrohttpd holds of a stream.
  private final class Context {
    let stream: HTTPStream
    let streams: HTTPStreams

    init(_ stream: HTTPStream, of streams: HTTPStreams) {
      self.stream = stream
      self.streams = streams
    }
  }

  private let lock = Lock()
  private var open: [ObjectIdentifier: HTTPStream] = [:]
  private var isFinished = false

  /// Makes an answer that reads `stream`, and keeps the stream until the answer is over.
  func answer(reading stream: HTTPStream) -> OpaquePointer? {
    let isLate = lock.withLock {
      open[ObjectIdentifier(stream)] = stream
      return isFinished
    }
    if isLate { stream.finish() }
    let context = Unmanaged.passRetained(Context(stream, of: self))
    let answer = MHD_create_response_from_callback(
      UInt64.max, 16 << 10,
      { context, _, buffer, bytesMax in
        guard let context else { return cmhd_end_with_error }
        return Unmanaged<Context>.fromOpaque(context).takeUnretainedValue().stream
          .read(into: UnsafeMutableRawBufferPointer(start: buffer, count: bytesMax))
      }, context.toOpaque(),
      { context in
        guard let context else { return }
        let ended = Unmanaged<Context>.fromOpaque(context).takeRetainedValue()
        ended.streams.end(ended.stream)
      })
    if answer == nil {
      context.release()
      end(stream)
    }
    return answer
  }

  /// Lets all streams end after what was written, and those that come later.
  func finish() {
    let streams = lock.withLock {
      isFinished = true
      return Array(open.values)
    }
    for stream in streams { stream.finish() }
  }

  /// Ends all streams at once; to be called before the daemon stops.
  func close() {
    let streams = lock.withLock { Array(open.values) }
    for stream in streams { stream.close() }
  }

  private func end(_ stream: HTTPStream) {
    _ = lock.withLock { open.removeValue(forKey: ObjectIdentifier(stream)) }
    stream.close()
  }
}

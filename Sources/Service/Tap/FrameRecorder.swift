import CZMQ
import Glibc
import KVIndexer

/// Writes an engine's live event messages to a file, frame by frame as they come.
package final class FrameRecorder: @unchecked Sendable {
  private let socket: ZMQSocket
  private let file: UnsafeMutablePointer<FILE>
  private let wakeUp = WakeUp()
  private let lock = Lock()
  private var isStopping = false
  private var thread: WorkerThread?
  private var count = 0

  /// Begins to record into `path`, in the place of what it held.
  ///
  /// - Throws: `ZMQError` when the endpoint makes no sense, `SystemError` when the file can't be
  ///   written.
  package init(_ target: SubscriptionTarget, path: String) throws {
    socket = try ZMQSocket(.subscriber, in: ZMQContext())
    try socket.subscribe(to: target.topic)
    if target.isBound {
      try socket.bind(target.endpoint)
    } else {
      try socket.connect(target.endpoint)
    }
    guard let file = fopen(path, "w") else { throw SystemError("write \(path)") }
    self.file = file
    lock.withLock { thread = WorkerThread(name: "recorder") { self.run() } }
  }

  /// Messages written so far.
  package var messageCount: Int { lock.withLock { count } }

  /// Ends the recording.
  ///
  /// - Returns: Messages written.
  /// - Throws: `SystemError` when not all of them reached the file.
  package func stop() throws(SystemError) -> Int {
    let thread = lock.withLock {
      isStopping = true
      return self.thread
    }
    wakeUp.signal()
    thread?.join()
    let failed = ferror(file) != 0
    guard fclose(file) == 0, !failed else { throw SystemError("write the recording") }
    return messageCount
  }

  private func run() {
    let message = MultipartMessage()
    while !lock.withLock({ isStopping }) {
      var items = [
        zmq_pollitem_t(
          socket: socket.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0),
        zmq_pollitem_t(
          socket: nil, fd: wakeUp.descriptor, events: Int16(ZMQ_POLLIN), revents: 0),
      ]
      let status = zmq_poll(&items, 2, -1)
      precondition(status >= 0 || zmq_errno() == EINTR, "\(ZMQError("zmq_poll"))")
      while message.receive(from: socket) { write(message) }
      fflush(file)
    }
  }

  private func write(_ message: MultipartMessage) {
    let frames = (0..<message.count).map { [UInt8](message.frame($0)) }
    let line = RecordedMessage(time: WallClock.seconds(), frames: frames).line + "\n"
    fputs(line, file)
    lock.withLock { count += 1 }
  }
}

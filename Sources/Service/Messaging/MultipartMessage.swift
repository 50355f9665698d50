internal import CZMQ
internal import Glibc

/// The frames of one received message; used again for the next one.
package final class MultipartMessage {
  /// No message of the protocols here has more frames.
  private static let framesKept = 5

  private let frames = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: framesKept)
  /// Frames of the message, those beyond the kept ones included.
  package private(set) var count = 0

  package init() {
    for index in 0..<Self.framesKept { zmq_msg_init(frames + index) }
  }

  /// A message as if it had been received.
  package convenience init(_ contents: [[UInt8]]) {
    self.init()
    count = contents.count
    for (index, content) in contents.prefix(Self.framesKept).enumerated() {
      zmq_msg_close(frames + index)
      let status = zmq_msg_init_size(frames + index, content.count)
      precondition(status == 0, "out of memory")
      zmq_msg_data(frames + index)?.copyMemory(from: content, byteCount: content.count)
    }
  }

  deinit {
    for index in 0..<Self.framesKept { zmq_msg_close(frames + index) }
    frames.deallocate()
  }

  /// The bytes of a frame, valid until the next message is received.
  package func frame(_ index: Int) -> UnsafeRawBufferPointer {
    precondition(index >= 0 && index < min(count, Self.framesKept), "frame \(index) of \(count)")
    return UnsafeRawBufferPointer(
      start: zmq_msg_data(frames + index), count: zmq_msg_size(frames + index))
  }

  /// Receives a message in place of the present one, without waiting.
  ///
  /// - Returns: Whether there was one.
  package func receive(from socket: ZMQSocket) -> Bool {
    count = 0
    while true {
      let slot = frames + min(count, Self.framesKept - 1)
      guard zmq_msg_recv(slot, socket.handle, ZMQ_DONTWAIT) >= 0 else {
        let error = zmq_errno()
        if error == EINTR { continue }
        precondition(error == EAGAIN && count == 0, "\(ZMQError("zmq_msg_recv"))")
        return false
      }
      count += 1
      if zmq_msg_more(slot) == 0 { return true }
    }
  }
}

internal import CZMQ

/// A failed call into libzmq.
package struct ZMQError: Error, Equatable, CustomStringConvertible {
  package var operation: String
  package var code: Int32

  /// The last error of this thread.
  init(_ operation: String) {
    self.operation = operation
    code = zmq_errno()
  }

  package var description: String { "\(operation): \(String(cString: zmq_strerror(code)))" }
}

/// The threads and the limits that sockets share; thread-safe.
package final class ZMQContext: @unchecked Sendable {
  private static let socketsMax: Int32 = 65_535

  let handle: UnsafeMutableRawPointer

  package init() {
    guard let handle = zmq_ctx_new() else { preconditionFailure("zmq_ctx_new failed") }
    // The default of 1,023 ends at about 250 sources.
    let status = zmq_ctx_set(handle, ZMQ_MAX_SOCKETS, Self.socketsMax)
    precondition(status == 0, "ZMQ_MAX_SOCKETS is refused")
    self.handle = handle
  }

  /// Waits until what its sockets had open is closed; each socket keeps its context alive.
  deinit {
    while zmq_ctx_term(handle) != 0 {}
  }
}

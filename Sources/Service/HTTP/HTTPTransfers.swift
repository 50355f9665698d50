import CCurl

/// Sends requests and calls back with the answers, all on one thread, over connections that it
/// keeps.
///
/// Completions are called on that thread, once each, whatever happens; at a stop too. They have to
/// be quick, and must not call `stop()`. The thread runs from `start` until `stop`.
package final class HTTPTransfers: @unchecked Sendable {
  package struct Limits: Sendable {
    /// Transfers at a time, with a handle each.
    package var transfersMax = 256
    /// Calls that wait for a transfer to end.
    package var waitingMax = 1024
    package var connectionsPerServerMax = 64
    package var connectTimeout = Duration.seconds(2)
    package var bodyBytesMax = 64 << 20

    package init() {}
  }

  package typealias Completion =
    @Sendable (Result<HTTPClient.Reply, HTTPClientError>) -> Void
  /// Called on the thread with the time; returns when it wants to be called again at the latest.
  package typealias Tick = @Sendable (_ now: UInt64) -> UInt64?

  struct Waiting {
    var call: HTTPCall
    var deadline: UInt64
    var completion: Completion
  }

  struct Active {
    var transfer: HTTPTransfer
    var completion: Completion
  }

  let limits: Limits
  /// Owned by the thread; other threads only wake it.
  let multi: UnsafeMutableRawPointer

  private let lock = Lock()
  private var posted: [Waiting] = []
  /// Calls that the thread has taken over but not begun.
  private var backlog = 0
  private var isStopping = false
  private var thread: WorkerThread?

  // Of the thread:
  var waiting: [Waiting] = []
  var active: [UnsafeMutableRawPointer: Active] = [:]
  var idle: [HTTPTransfer] = []

  package init(limits: Limits = Limits()) throws(HTTPClientError) {
    // The first handle starts the library.
    idle = [try HTTPTransfer()]
    guard let multi = curl_multi_init() else {
      throw HTTPClientError(.transfer, "libcurl did not start")
    }
    self.multi = multi
    self.limits = limits
    cc_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, limits.connectionsPerServerMax)
    cc_multi_set_long(multi, CURLMOPT_MAXCONNECTS, limits.transfersMax)
  }

  deinit { _ = PipeSignal.suppressed { curl_multi_cleanup(multi) } }

  /// Starts the thread; it keeps this object alive until `stop`.
  package func start(name: String, tick: @escaping Tick = { _ in nil }) {
    lock.withLock {
      precondition(thread == nil, "the thread was started before")
      thread = WorkerThread(name: name) { PipeSignal.suppressed { self.run(tick) } }
    }
  }

  /// Sends `call`; its answer has to be complete by `deadline`, in nanoseconds of `MonotonicClock`.
  ///
  /// - Throws: `.overloaded` or `.stopped`; `completion` is then not called.
  package func send(
    _ call: HTTPCall, deadline: UInt64, completion: @escaping Completion
  ) throws(HTTPClientError) {
    let refusal: HTTPClientError? = lock.withLock {
      guard !isStopping else {
        return HTTPClientError(.stopped, "the client was stopped")
      }
      guard posted.count + backlog < limits.waitingMax else {
        return HTTPClientError(.overloaded, "\(limits.waitingMax) requests wait already")
      }
      posted.append(Waiting(call: call, deadline: deadline, completion: completion))
      return nil
    }
    if let refusal { throw refusal }
    wake()
  }

  /// Has the thread call its tick soon.
  package func wake() { curl_multi_wakeup(multi) }

  /// Ends every call with `.stopped` and waits for the thread.
  package func stop() {
    let thread = lock.withLock {
      isStopping = true
      return self.thread
    }
    wake()
    thread?.join()
  }

  /// Moves what was posted to the thread.
  ///
  /// - Returns: Whether to go on.
  func takePosted() -> Bool {
    lock.withLock {
      waiting += posted
      posted.removeAll(keepingCapacity: true)
      backlog = waiting.count
      return !isStopping
    }
  }
}

import CLinux
import Glibc

/// One thread that owns connections: it waits for their sockets, for what other threads post, and
/// for deadlines.
final class GRPCLoop: @unchecked Sendable {
  /// What other threads have for the loop.
  enum Posted {
    case connection(descriptor: Int32, client: String)
    case message(GRPCCall, [UInt8])
    /// The one message of a unary call.
    case answer(GRPCCall, [UInt8])
    case end(GRPCCall, GRPCStatus)
    case giveUpReader(GRPCCall)
    /// Accept nothing more, finish what has begun, and cut off what is left at a time.
    case stop(cutOffNanoseconds: UInt64)
  }

  /// Identifiers in epoll: the wake-up, then listeners by index, then connections.
  private enum EventID {
    static let wakeUp: UInt64 = 0
    static let firstListener: UInt64 = 1
    static let firstConnection: UInt64 = 1 << 32
  }

  private static let tickNanoseconds: UInt64 = 1_000_000_000
  /// Deadlines are looked for no more often than this.
  private static let deadlineStepNanoseconds: UInt64 = 5_000_000
  /// How long a stopping server waits for a client to take note of it.
  private static let noticeNanoseconds: UInt64 = 500_000_000

  let context: GRPCServerContext
  let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
  private let epoll: Int32
  private let wakeUp = WakeUp()

  private let lock = Lock()
  private var posted: [Posted] = []
  private var isAsleep = false
  private var hasEnded = false
  private var thread: WorkerThread?

  // Of the loop's thread:

  private(set) var now = MonotonicClock.nowNanoseconds()
  private var threadID: pthread_t?
  private let acceptor: GRPCAcceptor?
  /// Listeners that are not watched until the next tick, because the process has no descriptors.
  private var pausedListeners: [Int] = []
  private var taken: [Posted] = []
  private var connections: [UInt64: GRPCConnection] = [:]
  private var nextConnection = EventID.firstConnection
  private var flushDue: [GRPCConnection] = []
  private var revisits: [GRPCConnection] = []
  /// No call's deadline is earlier.
  private var earliestDeadline = UInt64.max
  private var nextTick = UInt64.max
  private var noticeEnds = UInt64.max
  private var cutOffAt = UInt64.max
  /// Calls that were cut off; read once the thread has ended.
  private(set) var callsCutOff = 0

  /// - Parameter acceptor: Accepts connections on this loop's thread, for all loops.
  init(_ context: GRPCServerContext, acceptor: GRPCAcceptor?) {
    self.context = context
    self.acceptor = acceptor
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    precondition(epoll >= 0, "epoll_create1: \(errno)")
    control(EPOLL_CTL_ADD, wakeUp.descriptor, EPOLLIN.rawValue, EventID.wakeUp)
  }

  deinit {
    Glibc.close(epoll)
    readBuffer.deallocate()
  }

  func start(name: String) {
    lock.withLock { thread = WorkerThread(name: name) { self.run() } }
  }

  func join() { lock.withLock { thread }?.join() }

  // MARK: From any thread

  /// Whether this is the loop's own thread.
  var isCurrent: Bool {
    guard let threadID else { return false }
    return pthread_equal(threadID, pthread_self()) != 0
  }

  func post(_ item: Posted) {
    let (isRefused, isWakeUpDue) = lock.withLock {
      guard !hasEnded else { return (true, false) }
      posted.append(item)
      defer { isAsleep = false }
      return (false, isAsleep)
    }
    if isWakeUpDue { wakeUp.signal() }
    if isRefused, case .connection(let descriptor, _) = item { drop(descriptor) }
  }

  private func drop(_ descriptor: Int32) {
    Glibc.close(descriptor)
    context.metrics.connectionClosed()
  }

  // MARK: The thread

  private func run() {
    threadID = pthread_self()
    // OpenSSL writes without asking for no signal when the client is gone.
    var pipe = sigset_t()
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &pipe, nil)
    if let acceptor { for index in acceptor.descriptors.indices { listen(index) } }
    var events = [epoll_event](repeating: epoll_event(), count: 128)
    repeat {
      let count = epoll_wait(epoll, &events, Int32(events.count), pollMilliseconds())
      precondition(count >= 0 || errno == EINTR, "epoll_wait: \(errno)")
      now = MonotonicClock.nowNanoseconds()
      for index in 0..<max(0, Int(count)) { take(events[index]) }
      takeRevisits()
      takePosted()
      watchTheClock()
      takeFlushes()
    } while cutOffAt == .max || !connections.isEmpty
    lock.withLock { hasEnded = true }
    takePosted()
  }

  private func take(_ event: epoll_event) {
    let id = event.data.u64
    if let connection = connections[id] {
      connection.receive()
      flushLater(connection)
    } else if id == EventID.wakeUp {
      wakeUp.clear()
    } else if id < EventID.firstConnection {
      accept(Int(id - EventID.firstListener))
    }
  }

  private func takeRevisits() {
    let due = revisits
    revisits.removeAll(keepingCapacity: true)
    for connection in due {
      connection.receive()
      flushLater(connection)
    }
  }

  private func takePosted() {
    lock.withLock {
      isAsleep = false
      swap(&posted, &taken)
    }
    for item in taken { take(item) }
    taken.removeAll(keepingCapacity: true)
  }

  private func take(_ item: Posted) {
    switch item {
    case .connection(let descriptor, let client): adopt(descriptor, client)
    case .message(let call, let bytes): bytes.withUnsafeBytes { call.enqueue($0) }
    case .answer(let call, let bytes):
      bytes.withUnsafeBytes { call.enqueue($0) }
      call.end(.ok)
    case .end(let call, let status): call.end(status)
    case .giveUpReader(let call): call.giveUpReader()
    case .stop(let cutOff): beginStop(cutOff)
    }
  }

  private func takeFlushes() {
    // A flush may end calls, whose handlers may send on other calls.
    while !flushDue.isEmpty {
      let due = flushDue
      flushDue.removeAll(keepingCapacity: true)
      for connection in due {
        connection.isFlushDue = false
        connection.flush()
      }
    }
  }

  // MARK: Time

  /// How long to sleep; from here on a post has to wake the loop.
  private func pollMilliseconds() -> Int32 {
    let isIdle = lock.withLock {
      isAsleep = posted.isEmpty
      return isAsleep
    }
    guard isIdle, revisits.isEmpty else { return 0 }
    let due = min(earliestDeadline, nextTick, noticeEnds, cutOffAt)
    guard due != .max else { return -1 }
    let current = MonotonicClock.nowNanoseconds()
    guard due > current else { return 0 }
    return Int32(clamping: (due - current + 999_999) / 1_000_000)
  }

  private func watchTheClock() {
    if now >= earliestDeadline { expireCalls() }
    if now >= nextTick {
      for connection in Array(connections.values) { connection.tick() }
      resumeListening()
      scheduleTick()
    }
    if now >= noticeEnds {
      noticeEnds = .max
      for connection in Array(connections.values) { connection.finishDrain() }
    }
    if now >= cutOffAt, !connections.isEmpty { cutOff() }
  }

  private func scheduleTick() {
    let isNeeded = !connections.isEmpty || !pausedListeners.isEmpty
    nextTick = isNeeded ? now + Self.tickNanoseconds : .max
  }

  /// Has calls looked at when `deadline` has passed.
  func note(deadline: UInt64) {
    earliestDeadline = min(earliestDeadline, max(deadline, now + Self.deadlineStepNanoseconds))
  }

  /// Deadlines are rarely reached: one pass over all calls then is cheaper than a queue of them.
  private func expireCalls() {
    earliestDeadline = .max
    for connection in connections.values {
      for call in connection.calls.values where call.phase == .open {
        let deadline = call.request.deadlineNanoseconds
        if deadline <= now {
          call.expire()
        } else if deadline != .max {
          note(deadline: deadline)
        }
      }
    }
  }

  // MARK: Connections

  private func adopt(_ descriptor: Int32, _ client: String) {
    guard cutOffAt == .max else { return drop(descriptor) }
    let connection = GRPCConnection(
      id: nextConnection, descriptor: descriptor, client: client, loop: self)
    nextConnection += 1
    connections[connection.id] = connection
    control(EPOLL_CTL_ADD, descriptor, EPOLLIN.rawValue, connection.id)
    if nextTick == .max { scheduleTick() }
    flushLater(connection)
  }

  /// Sends what a connection has once its handlers have run.
  func flushLater(_ connection: GRPCConnection) {
    guard !connection.isFlushDue else { return }
    connection.isFlushDue = true
    flushDue.append(connection)
  }

  /// Reads from a connection again without waiting for its socket.
  func revisit(_ connection: GRPCConnection) { revisits.append(connection) }

  func watch(_ connection: GRPCConnection, writable: Bool) {
    let events = EPOLLIN.rawValue | (writable ? EPOLLOUT.rawValue : 0)
    control(EPOLL_CTL_MOD, connection.socket.descriptor, events, connection.id)
  }

  /// Lets go of a connection that is closed; its descriptor is closed with its last reference.
  func forget(_ connection: GRPCConnection) {
    control(EPOLL_CTL_DEL, connection.socket.descriptor, 0, connection.id)
    connections[connection.id] = nil
    context.metrics.connectionClosed()
  }

  // MARK: Listeners

  private func listen(_ index: Int) {
    guard let acceptor, acceptor.descriptors.indices.contains(index) else { return }
    let id = EventID.firstListener + UInt64(index)
    control(EPOLL_CTL_ADD, acceptor.descriptors[index], EPOLLIN.rawValue, id)
  }

  private func accept(_ index: Int) {
    guard let acceptor, !acceptor.accept(index) else { return }
    control(EPOLL_CTL_DEL, acceptor.descriptors[index], 0, 0)
    pausedListeners.append(index)
    scheduleTick()
  }

  private func resumeListening() {
    let paused = pausedListeners
    pausedListeners = []
    for index in paused { listen(index) }
  }

  // MARK: epoll

  private func control(
    _ operation: Int32, _ descriptor: Int32, _ events: EPOLL_EVENTS.RawValue, _ id: UInt64
  ) {
    var event = epoll_event()
    event.events = events
    event.data.u64 = id
    let status = epoll_ctl(epoll, operation, descriptor, &event)
    precondition(status == 0, "epoll_ctl(\(operation)): \(errno)")
  }

  // MARK: Stop

  private func beginStop(_ cutOff: UInt64) {
    guard cutOffAt == .max else { return }
    cutOffAt = cutOff
    noticeEnds = now + Self.noticeNanoseconds
    acceptor?.stopListening()
    for connection in Array(connections.values) { connection.announceDrain() }
  }

  private func cutOff() {
    for connection in Array(connections.values) {
      let open = connection.calls.values.count { $0.phase != .ended || !$0.outgoing.isEmpty }
      callsCutOff += open
      context.metrics.refusals[.stopped].add(open)
      connection.close()
    }
  }
}

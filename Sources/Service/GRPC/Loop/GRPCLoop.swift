import Glibc

/// One thread that owns connections: it waits for their sockets, for what other threads post, and
/// for the clock.
///
/// A round of it: the sockets that are ready are read, and handlers run; what was posted is taken;
/// then each connection that has something to send sends it, once.
final class GRPCLoop: @unchecked Sendable {
  /// Numbers in epoll: the wake-up, then listeners by index, then connections.
  private enum EventID {
    static let wakeUp: UInt64 = 0
    static let firstListener: UInt64 = 1
    static let firstConnection: UInt64 = 1 << 32
  }

  let context: GRPCServerContext
  private let mailbox = GRPCMailbox()
  private let lock = Lock()
  private var thread: WorkerThread?

  // Of the loop's thread:

  private var threadID: pthread_t?
  private(set) var now = MonotonicClock.nowNanoseconds()
  let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
  private var epoll = Epoll()
  private let acceptor: GRPCAcceptor?
  /// Listeners that are not watched until the next tick, because the process has no descriptors.
  private var pausedListeners: [Int] = []
  private var taken: [GRPCPosted] = []
  private var connections: [UInt64: GRPCConnection] = [:]
  private var nextConnection = EventID.firstConnection
  private var flushDue: [GRPCConnection] = []
  private var revisits: [GRPCConnection] = []
  private var schedule = GRPCSchedule()
  /// Calls that were cut off; read once the thread has ended.
  private(set) var callsCutOff = 0

  /// - Parameter acceptor: Accepts connections on this loop's thread, for all loops.
  init(_ context: GRPCServerContext, acceptor: GRPCAcceptor?) {
    self.context = context
    self.acceptor = acceptor
    epoll.add(mailbox.descriptor, id: EventID.wakeUp)
  }

  deinit { readBuffer.deallocate() }

  func start(name: String) {
    lock.withLock { thread = WorkerThread(name: name) { self.run() } }
  }

  func join() { lock.withLock { thread }?.join() }

  /// Whether this is the loop's own thread.
  var isCurrent: Bool {
    guard let threadID else { return false }
    return pthread_equal(threadID, pthread_self()) != 0
  }

  /// Hands the loop something, from any thread; once it has ended, nothing matters any more.
  func post(_ item: GRPCPosted) {
    guard !mailbox.post(item) else { return }
    switch item {
    case .connection(let descriptor, _): drop(descriptor)
    // Its call is over, and the thread that looked after it too.
    case .work(let body): body()
    default: break
    }
  }

  private func drop(_ descriptor: Int32) {
    close(descriptor)
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
    repeat {
      let mayWait = revisits.isEmpty && mailbox.prepareToSleep()
      let count = epoll.wait(milliseconds: mayWait ? schedule.pollMilliseconds() : 0)
      now = MonotonicClock.nowNanoseconds()
      for event in 0..<count { take(event: epoll.id(event)) }
      takeRevisits()
      takePosted()
      watchTheClock()
      takeFlushes()
    } while !schedule.isStopping || !connections.isEmpty
    mailbox.close()
    takePosted()
  }

  private func take(event id: UInt64) {
    if let connection = connections[id] {
      connection.receive()
      flushLater(connection)
    } else if id == EventID.wakeUp {
      mailbox.clearWakeUp()
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
    mailbox.take(into: &taken)
    for item in taken { take(item) }
    taken.removeAll(keepingCapacity: true)
  }

  private func take(_ item: GRPCPosted) {
    switch item {
    case .connection(let descriptor, let client): adopt(descriptor, client)
    case .message(let call, let bytes): bytes.withUnsafeBytes { call.enqueue($0) }
    case .answer(let call, let bytes):
      bytes.withUnsafeBytes { call.enqueue($0) }
      call.end(.ok)
    case .end(let call, let status): call.end(status)
    case .giveUpReader(let call): call.giveUpReader()
    case .work(let body): body()
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

  // MARK: The clock

  private func watchTheClock() {
    if schedule.takeDeadlines(now) { expireCalls() }
    if schedule.takeTick(now) {
      for connection in Array(connections.values) { connection.tick() }
      let paused = pausedListeners
      pausedListeners = []
      for index in paused { listen(index) }
      if !connections.isEmpty { schedule.startTicking(now) }
    }
    if schedule.takeNotice(now) {
      for connection in Array(connections.values) { connection.finishDrain() }
    }
    if schedule.isCutOffDue(now) { cutOff() }
  }

  /// Has calls looked at when `deadline` has passed.
  func note(deadline: UInt64) { schedule.note(deadline: deadline, now) }

  /// Deadlines are rarely reached: one pass over all calls then is cheaper than a queue of them.
  private func expireCalls() {
    for connection in connections.values {
      for call in connection.calls.values where call.phase == .open {
        let deadline = call.request.deadlineNanoseconds
        if deadline <= now {
          call.expire()
          continue
        }
        if call.reminderNanoseconds <= now { call.remind() }
        let next = min(deadline, call.reminderNanoseconds)
        if next != .max { note(deadline: next) }
      }
    }
  }

  // MARK: Connections

  private func adopt(_ descriptor: Int32, _ client: String) {
    guard !schedule.isStopping else { return drop(descriptor) }
    let connection = GRPCConnection(
      id: nextConnection, descriptor: descriptor, client: client, loop: self)
    nextConnection += 1
    connections[connection.id] = connection
    epoll.add(descriptor, id: connection.id)
    schedule.startTicking(now)
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
    epoll.watch(connection.socket.descriptor, id: connection.id, writable: writable)
  }

  /// Lets go of a connection that is closed; its descriptor is closed with its last reference.
  func forget(_ connection: GRPCConnection) {
    epoll.remove(connection.socket.descriptor)
    connections[connection.id] = nil
    context.metrics.connectionClosed()
  }

  // MARK: Listeners

  private func listen(_ index: Int) {
    guard let acceptor, acceptor.descriptors.indices.contains(index) else { return }
    epoll.add(acceptor.descriptors[index], id: EventID.firstListener + UInt64(index))
  }

  private func accept(_ index: Int) {
    guard let acceptor, !acceptor.accept(index) else { return }
    epoll.remove(acceptor.descriptors[index])
    pausedListeners.append(index)
    schedule.startTicking(now)
  }

  // MARK: Stop

  private func beginStop(_ cutOff: UInt64) {
    guard !schedule.isStopping else { return }
    let notice = context.limits.noticeMilliseconds * 1_000_000
    schedule.stop(noticeEnds: now + notice, cutOff: cutOff)
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

import Service
import Simulation

/// A replay server that answers late, wrongly or not at all.
final class FaultyReplay: @unchecked Sendable {
  /// What it does with a request.
  enum Conduct: Sendable {
    /// Answers as it should, with a pause before each message.
    case slow(milliseconds: Int)
    /// Takes the request, and that is all.
    case silent
    /// Sends messages that are no batches: wrong frames, random bytes, end markers in between.
    case garbage
    /// Leaves out the end marker, and every third message.
    case torn
  }

  let endpoint: String
  private let conduct: Conduct
  private let lock = Lock()
  private var batches: [[UInt8]] = []
  private var isStopping = false
  private var thread: WorkerThread?

  // Of the thread:
  private var socket: ZMQSocket?
  private let message = MultipartMessage()
  private var random = SplitMix64(seed: 7)

  init(_ endpoint: String, _ conduct: Conduct) throws {
    self.conduct = conduct
    let socket = try ZMQSocket(.router, in: ZMQContext())
    try socket.bind(endpoint)
    self.endpoint = socket.lastEndpoint
    self.socket = socket
    lock.withLock { thread = WorkerThread(name: "replay") { self.run() } }
  }

  func append(_ payload: [UInt8]) { lock.withLock { batches.append(payload) } }

  /// Closes the socket and waits for the thread.
  func stop() {
    let thread = lock.withLock {
      isStopping = true
      return self.thread
    }
    thread?.join()
  }

  private var stops: Bool { lock.withLock { isStopping } }

  private func run() {
    while !stops {
      guard let socket, message.receive(from: socket) else {
        Pause.microseconds(1000)
        continue
      }
      guard message.count == 3 else { continue }
      let start = message.frame(2).suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      answer(Array(message.frame(0)), from: start, socket)
    }
    socket = nil
  }

  private func answer(_ identity: [UInt8], from start: UInt64, _ socket: ZMQSocket) {
    let batches = lock.withLock { self.batches }
    let first = Int(min(start, UInt64(batches.count)))
    switch conduct {
    case .silent: return
    case .slow(let milliseconds):
      for sequence in first..<batches.count where !stops {
        Pause.microseconds(milliseconds * 1000)
        socket.send([identity, [], [], Self.frame(UInt64(sequence)), batches[sequence]])
      }
    case .torn:
      for sequence in first..<batches.count where sequence % 3 != 0 {
        socket.send([identity, [], [], Self.frame(UInt64(sequence)), batches[sequence]])
      }
      return
    case .garbage:
      for _ in 0..<random.inside(1...20) {
        let frames = (0..<random.inside(1...5)).map { _ in
          (0..<random.below(24)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
        socket.send([identity, []] + frames)
      }
      if random.below(2) == 0 { return }
    }
    socket.send([identity, [], [], Self.frame(.max), []])
  }

  private static func frame(_ sequence: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: sequence >> UInt64(56 - 8 * $0)) }
  }
}

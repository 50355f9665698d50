/// What other threads have for a loop.
enum GRPCPosted {
  case connection(descriptor: Int32, client: String)
  case message(GRPCCall, [UInt8])
  /// The one message of a unary call.
  case answer(GRPCCall, [UInt8])
  case end(GRPCCall, GRPCStatus)
  case giveUpReader(GRPCCall)
  /// Something to run for a call's handler.
  case work(@Sendable () -> Void)
  /// Accept nothing more, finish what has begun, and cut off what is left at a time.
  case stop(cutOffNanoseconds: UInt64)
}

/// Hands a loop what other threads post, and wakes it only when it sleeps.
///
/// Its length has a limit elsewhere: a call's messages count towards its unread bytes, a call ends
/// once, and a handler has a few things to run.
final class GRPCMailbox: @unchecked Sendable {
  private let wakeUp = WakeUp()
  private let lock = Lock()
  private var items: [GRPCPosted] = []
  private var isAsleep = false
  private var isClosed = false

  /// Readable when the loop has to wake up.
  var descriptor: Int32 { wakeUp.descriptor }

  func clearWakeUp() { wakeUp.clear() }

  /// - Returns: False when the loop has ended.
  func post(_ item: GRPCPosted) -> Bool {
    let (isTaken, isWakeUpDue) = lock.withLock {
      guard !isClosed else { return (false, false) }
      items.append(item)
      defer { isAsleep = false }
      return (true, isAsleep)
    }
    if isWakeUpDue { wakeUp.signal() }
    return isTaken
  }

  /// Has the next post wake the loop.
  ///
  /// - Returns: Whether it may sleep; not when something was posted meanwhile.
  func prepareToSleep() -> Bool {
    lock.withLock {
      isAsleep = items.isEmpty
      return isAsleep
    }
  }

  /// Swaps what was posted with an empty array, whose memory is used again.
  func take(into taken: inout [GRPCPosted]) {
    lock.withLock {
      isAsleep = false
      swap(&items, &taken)
    }
  }

  /// Takes no more posts.
  func close() { lock.withLock { isClosed = true } }
}

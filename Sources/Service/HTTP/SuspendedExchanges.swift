import CMHD

/// Requests whose handlers have returned without an answer.
///
/// Their connections rest until the answer is there. libmicrohttpd cannot suspend a connection
/// that has a thread of its own; such a thread waits here instead.
final class SuspendedExchanges: @unchecked Sendable {
  private let threads: HTTPThreads
  /// Guards what follows, and that nothing is resumed which is not suspended yet.
  private let lock = ConditionLock()
  private var suspended: [ObjectIdentifier: HTTPExchange] = [:]
  private var isAbandoned = false

  init(_ threads: HTTPThreads) { self.threads = threads }

  /// Suspends a request that may have been answered in the meantime.
  ///
  /// To be called on the server's thread, after the handler.
  func suspend(_ exchange: HTTPExchange) {
    lock.withLock {
      let (isWaiting, _) = exchange.phase.compareExchange(
        expected: .handling, desired: isAbandoned ? .abandoned : .suspended,
        ordering: .acquiringAndReleasing)
      guard isWaiting, !isAbandoned else { return }
      suspended[ObjectIdentifier(exchange)] = exchange
      guard !threads.areShared else { return MHD_suspend_connection(exchange.connection) }
      while exchange.phase.load(ordering: .acquiring) == .suspended { lock.wait() }
    }
  }

  /// Lets a request go on whose response is there.
  ///
  /// - Returns: False when it was abandoned.
  func resume(_ exchange: HTTPExchange) -> Bool {
    lock.withLock {
      guard suspended.removeValue(forKey: ObjectIdentifier(exchange)) != nil else { return false }
      wake(exchange, .answered)
      return true
    }
  }

  /// Cuts off all requests without an answer, now and from now on.
  func abandon() {
    lock.withLock {
      isAbandoned = true
      for exchange in suspended.values { wake(exchange, .abandoned) }
      suspended = [:]
    }
  }

  private func wake(_ exchange: HTTPExchange, _ phase: HTTPExchange.Phase) {
    exchange.phase.store(phase, ordering: .releasing)
    if threads.areShared { MHD_resume_connection(exchange.connection) } else { lock.broadcast() }
  }
}

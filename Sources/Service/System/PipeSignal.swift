internal import Glibc

/// Keeps writing to a closed connection from ending the process.
///
/// OpenSSL writes to its sockets without `MSG_NOSIGNAL`, and libcurl leaves the signal to us. It
/// goes to the thread that writes, so holding it back there leaves the rest of the process as it
/// was: a command whose output is a broken pipe still ends.
package enum PipeSignal {
  /// Calls `body` without `SIGPIPE` reaching this thread.
  package static func suppressed<R, Failure>(
    _ body: () throws(Failure) -> R
  ) throws(Failure) -> R {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    var pending = sigset_t()
    sigpending(&pending)
    let wasPending = sigismember(&pending, SIGPIPE) == 1
    var before = sigset_t()
    pthread_sigmask(SIG_BLOCK, &signals, &before)
    defer {
      // What came meanwhile must not come once the mask is lifted.
      if !wasPending {
        var none = timespec()
        while sigtimedwait(&signals, nil, &none) == -1, errno == EINTR {}
      }
      pthread_sigmask(SIG_SETMASK, &before, nil)
    }
    return try body()
  }
}

/// A certificate and a key in two files, read again when either changes.
///
/// A pair that does not belong together, such as one of which the first file was just replaced, is
/// logged and left alone: the last good pair stays in force.
package final class TLSFiles: Sendable {
  package typealias OnChange = @Sendable (TLSCredentials) -> Void

  private let following: Following
  private let watches: [FileWatch]

  /// Reads both files and follows them.
  ///
  /// - Parameters:
  ///   - certificate: The path of the chain, the server's own certificate first.
  ///   - key: The path of the private key.
  ///   - rejected: Counts the pairs that can't be used.
  ///   - onChange: Told of every good pair after the first, on a thread of a watch's own.
  /// - Throws: `SystemError` that names the file and its fault.
  package init(
    certificate: String, key: String, log: Log, rejected: Counter = Counter(),
    onChange: @escaping OnChange
  ) throws(SystemError) {
    let following = Following(
      certificate: certificate, key: key, log: log, rejected: rejected, onChange)
    // Before the first look, so that no change falls in between.
    let first = try FileWatch(certificate) { following.reload() }
    let second: FileWatch
    do throws(SystemError) {
      second = try FileWatch(key) { following.reload() }
      try following.begin()
    } catch {
      first.stop()
      throw error
    }
    watches = [first, second]
    self.following = following
  }

  /// The last good pair.
  package var credentials: TLSCredentials { following.credentials }

  /// How often a pair was taken, the first one included.
  package var accepted: Counter { following.accepted }

  /// How often a pair was found that could not be used.
  package var rejected: Counter { following.rejected }

  /// Ends the watch; no change is told afterwards.
  package func stop() {
    for watch in watches { watch.stop() }
  }
}

/// The files as last seen, and the last good pair.
private final class Following: @unchecked Sendable {
  private static let bytesMax = 1 << 20

  let accepted = Counter()
  let rejected: Counter
  private let certificate: String
  private let key: String
  private let log: Log
  private let onChange: TLSFiles.OnChange
  /// Held while a change is told, so that changes come in order.
  private let reloading = Lock()
  private var lastError: SystemError?
  /// Guards `current`, for those who ask in the meantime.
  private let state = Lock()
  private var current: TLSCredentials?

  init(
    certificate: String, key: String, log: Log, rejected: Counter,
    _ onChange: @escaping TLSFiles.OnChange
  ) {
    self.rejected = rejected
    self.certificate = certificate
    self.key = key
    self.log = log
    self.onChange = onChange
  }

  var credentials: TLSCredentials {
    guard let current = state.withLock({ current }) else {
      preconditionFailure("a pair of files is in use that was never read")
    }
    return current
  }

  func begin() throws(SystemError) {
    let result: Result<Void, SystemError> = reloading.withLock {
      do throws(SystemError) {
        let pair = try read()
        state.withLock { current = pair }
        accepted.add()
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  func reload() {
    reloading.withLock {
      // A change before the first look is part of that look.
      guard let old = state.withLock({ current }) else { return }
      do throws(SystemError) {
        let pair = try read()
        lastError = nil
        guard pair != old else { return }
        state.withLock { current = pair }
        accepted.add()
        onChange(pair)
      } catch {
        guard error != lastError else { return }
        lastError = error
        rejected.add()
        log(.warning, "\(error); the last good certificate and key stay in force")
      }
    }
  }

  private func read() throws(SystemError) -> TLSCredentials {
    let pair = TLSCredentials(
      certificateChain: try FileBytes.read(certificate, atMost: Self.bytesMax),
      privateKey: try FileBytes.read(key, atMost: Self.bytesMax))
    do throws(TLSCredentials.Fault) {
      try pair.check()
    } catch {
      switch error {
      case .noCertificate:
        throw SystemError("use the certificate \(certificate)", reason: error.rawValue)
      case .noKey:
        throw SystemError("use the key \(key)", reason: error.rawValue)
      case .mismatch:
        throw SystemError("use the key \(key)", reason: "\(error.rawValue) \(certificate)")
      }
    }
    return pair
  }
}

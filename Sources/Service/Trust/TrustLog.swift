import KVIndexer

/// Tells the log how sources can be believed: a line for each change, which says what to do.
///
/// A source that changes all the time gets a line in ten seconds, which counts what it leaves out.
final class TrustLog: @unchecked Sendable {
  private struct Told {
    var trust: Trust?
    var allowance = LineAllowance()
    /// Changes since the last line.
    var leftOut = 0
  }

  private let fleet: SharedFleet
  private let log: Log
  private let lock = Lock()
  private var told: [SourceID: Told] = [:]

  init(fleet: SharedFleet, log: Log) {
    self.fleet = fleet
    self.log = log
  }

  /// Tells of a source whose trust may be another one than before.
  func note(_ source: SourceID, now: UInt64 = MonotonicClock.nowNanoseconds()) {
    guard let trust = fleet.read({ $0.trust(of: source) }) else { return forget(source) }
    let leftOut = lock.withLock { () -> Int? in
      var known = told[source] ?? Told()
      defer { told[source] = known }
      if known.trust != trust {
        known.trust = trust
        known.leftOut += 1
      }
      guard known.leftOut > 0, known.allowance.take(now: now) else { return nil }
      defer { known.leftOut = 0 }
      return known.leftOut - 1
    }
    guard let leftOut else { return }
    let rest = leftOut == 0 ? "" : " (\(leftOut) changes before it are left out)"
    log(
      Self.level(trust),
      "\(name(source)): \(trust.name)\(trust.reason.map { ": \($0)" } ?? "")\(rest)")
  }

  /// Writes a line about a source, unless there were too many.
  func say(
    _ level: Log.Level, of source: SourceID, now: UInt64 = MonotonicClock.nowNanoseconds(),
    _ text: @autoclosure () -> String
  ) {
    let isAllowed = lock.withLock {
      let isAllowed = told[source, default: Told()].allowance.take(now: now)
      if !isAllowed { told[source]?.leftOut += 1 }
      return isAllowed
    }
    if isAllowed { log(level, "\(name(source)): \(text())") }
  }

  /// Forgets a source that is removed.
  func forget(_ source: SourceID) { lock.withLock { told[source] = nil } }

  private static func level(_ trust: Trust) -> Log.Level {
    switch trust {
    case .bootstrapping, .lagging, .exact: .info
    case .connecting, .degraded, .silent, .mismatched, .dead: .warning
    }
  }

  private func name(_ source: SourceID) -> String {
    guard let configuration = fleet.read({ $0.configuration(of: source) }) else {
      return "source \(source.index)"
    }
    return "\(configuration.endpoint) rank \(configuration.rank)"
  }
}

import KVIndexer

/// Tells the log how sources can be believed: a line for each change, which says what to do.
///
/// A source that changes all the time gets a line in ten seconds, which counts what it leaves out.
final class TrustLog: @unchecked Sendable {
  private struct Told {
    var trust: Trust?
    // A restart is three of them, a start as many.
    var changes = LineAllowance(linesMax: 8)
    /// Changes since the last line.
    var leftOut = 0
    var incidents = LineAllowance(linesMax: 4)
    /// Incidents since the last line.
    var untold = 0
    /// What is served in place of the configured model.
    var contradiction: String?
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
  ///
  /// - Parameter lasts: Whether states that pass by themselves are worth a line, because they are
  ///   looked at some time after they began.
  func note(
    _ source: SourceID, lasts: Bool = false, now: UInt64 = MonotonicClock.nowNanoseconds()
  ) {
    guard let trust = fleet.read({ $0.trust(of: source) }) else { return forget(source) }
    guard lasts || !Self.passes(trust) else { return }
    let leftOut = lock.withLock { () -> Int? in
      if let known = told[source], known.trust == trust, known.leftOut == 0 { return nil }
      var known = told[source] ?? Told()
      defer { told[source] = known }
      if known.trust != trust {
        known.trust = trust
        known.leftOut += 1
      }
      guard known.changes.take(now: now) else { return nil }
      defer { known.leftOut = 0 }
      return known.leftOut - 1
    }
    guard let leftOut else { return }
    let rest = leftOut == 0 ? "" : " (\(leftOut) changes before it are left out)"
    let contradiction = lock.withLock { told[source]?.contradiction }
    let sentence = trust == .mismatched(.model) ? contradiction ?? trust.reason : trust.reason
    log(
      Self.level(trust),
      "\(fleet.name(of: source)): \(trust.name)\(sentence.map { ": \($0)" } ?? "")\(rest)")
  }

  /// Has a source whose model is not served told of in these words from now on.
  func explain(_ source: SourceID, contradiction: String) {
    lock.withLock { told[source, default: Told()].contradiction = contradiction }
  }

  /// Tells what happened to a source, unless too much does.
  func say(
    _ level: Log.Level, of source: SourceID, now: UInt64 = MonotonicClock.nowNanoseconds(),
    _ text: @autoclosure () -> String
  ) {
    let untold = lock.withLock { () -> Int? in
      var known = told[source] ?? Told()
      defer { told[source] = known }
      guard known.incidents.take(now: now) else {
        known.untold += 1
        return nil
      }
      defer { known.untold = 0 }
      return known.untold
    }
    guard let untold else { return }
    let rest = untold == 0 ? "" : " (\(untold) lines before it are left out)"
    log(level, "\(fleet.name(of: source)): \(text())\(rest)")
  }

  /// Forgets a source that is removed.
  func forget(_ source: SourceID) { lock.withLock { told[source] = nil } }

  /// Whether a state ends by itself, and mostly soon.
  private static func passes(_ trust: Trust) -> Bool {
    trust == .bootstrapping || trust == .lagging
  }

  private static func level(_ trust: Trust) -> Log.Level {
    switch trust {
    case .bootstrapping, .lagging, .exact: .info
    case .connecting, .degraded, .silent, .mismatched, .dead: .warning
    }
  }
}

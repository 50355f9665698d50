import Glibc
import Service

/// Writes the picks of a service to a file, those that it remembers and those that come.
struct DecisionRecorder {
  private static let period = Duration.seconds(1)
  /// Where many come at a time, so that none is forgotten before it is read.
  private static let periodMin = Duration.milliseconds(50)

  let pages: DecisionPages
  let path: String

  /// Records until `wait` says so.
  ///
  /// - Parameters:
  ///   - wait: Waits at most so long; returns whether to stop.
  ///   - note: Takes sentences about what went wrong meanwhile.
  /// - Returns: A sentence about what was written.
  /// - Throws: When the service does not answer the first time, or the file can't be written.
  func run(wait: (Duration) -> Bool, note: (String) -> Void) throws -> String {
    var follower = DecisionFollower()
    var trace = DecisionTrace()
    var forgotten = 0
    var update = try pages.update(&follower)
    guard let file = fopen(path, "w") else { throw SystemError("write \(path)") }
    defer { fclose(file) }
    while true {
      forgotten += update.forgotten
      try write(trace.lines(adding: update.ended, pendingFrom: follower.oldestPending), to: file)
      let isBusy = update.ended.count > DecisionPages.limitMax / 8
      if wait(isBusy ? Self.periodMin : Self.period) { break }
      do {
        update = try pages.update(&follower)
        if update.isRestarted { note("the service began anew") }
      } catch let error as HTTPClientError {
        update = DecisionFollower.Update()
        note("\(error); asking again")
      }
    }
    // What is pending is written as far as it is known.
    let rest = follower.restart().ended
    try write(trace.lines(adding: rest, pendingFrom: nil), to: file)
    return summary(trace, forgotten: forgotten)
  }

  private func write(_ text: [UInt8], to file: UnsafeMutablePointer<FILE>) throws(SystemError) {
    guard fwrite(text, 1, text.count, file) == text.count, fflush(file) == 0 else {
      throw SystemError("write \(path)")
    }
  }

  private func summary(_ trace: DecisionTrace, forgotten: Int) -> String {
    var parts = ["\(Quantity.count(trace.count)) requests in \(path)"]
    let losses = [
      (forgotten, "had been forgotten before they were read"),
      (trace.losses.leftOut, "went nowhere or had no prompt, and are left out"),
      (trace.losses.withoutOutput, "told no output length, which is 0 in the trace"),
    ]
    for (count, what) in losses where count > 0 { parts.append("\(Quantity.count(count)) \(what)") }
    return parts.joined(separator: "; ")
  }
}

import Service
import Simulation
import Tokenize

/// How long the audit takes to find residencies that are wrong, by what the engine delivers.
///
/// It is no row of the matrix: until enough deliveries contradict them, answers are exact and
/// wrong, and nothing but deliveries could tell.
enum DriftCheck {
  /// What one run came to.
  struct Result {
    /// Until the audit learns anew what the engine holds, and from there until all is exact.
    var requestsUntilFound = 0
    var millisecondsUntilFound = 0.0
    var millisecondsUntilExact = 0.0
  }

  /// More requests than that are a failure.
  private static let requestsMax = 100

  /// Runs it with each seed; returns the exit status.
  static func run(_ options: FaultOptions) throws -> Int32 {
    StandardOutput.write(
      "drift: blocks that the engine lacks are put into the index; 20 requests a second\n")
    var failures = 0
    for seed in options.seedRange {
      let outcome = Outcome()
      let fault = Fault("drift", "wrong residencies, found by deliveries", .exact) { stand in
        outcome.result = try measure(stand)
      }
      let stand = try FaultStand(fault, seed: seed, in: FaultStand.Place())
      defer { stand.stop() }
      let record = try stand.run()
      let isFound = outcome.result.requestsUntilFound <= requestsMax && record.end == .exact
      if !isFound { failures += 1 }
      StandardOutput.write(
        "seed \(seed): \(isFound ? "" : "NOT ")found after "
          + "\(outcome.result.requestsUntilFound) requests "
          + "(\(outcome.result.millisecondsUntilFound.short) ms), exact again "
          + "\(outcome.result.millisecondsUntilExact.short) ms later\n")
    }
    return failures == 0 ? 0 : 1
  }

  /// Carries the result out of the fault, on one thread.
  private final class Outcome: @unchecked Sendable {
    var result = Result()
  }

  private static func measure(_ stand: FaultStand) throws -> Result {
    let old = stand.subject.sentPayloads
    _ = stand.subject.resetPrefixCache()
    try stand.serve(stand.request(), on: stand.subject, asking: false)
    try stand.waitUntilExact()
    // What was cleared explains errors for a tenth of a second.
    try stand.watch(milliseconds: 200)
    try FaultMutation.apply(old, stand)
    var result = Result()
    let start = MonotonicClock.nowNanoseconds()
    while try !isFound(stand), result.requestsUntilFound <= requestsMax {
      result.requestsUntilFound += 1
      try serve(stand, "request-\(result.requestsUntilFound)")
      try stand.watch(milliseconds: 50)
    }
    let found = MonotonicClock.nowNanoseconds()
    result.millisecondsUntilFound = Double(found - start) / 1e6
    try stand.waitUntilExact()
    result.millisecondsUntilExact = Double(MonotonicClock.nowNanoseconds() - found) / 1e6
    return result
  }

  /// Whether the audit has had the source learnt anew.
  private static func isFound(_ stand: FaultStand) throws -> Bool {
    try !stand.indexer.metrics().contains("\nkvindexer_audit_resyncs_total 0\n")
  }

  /// Asks, has the engine serve the request, and tells what it delivered.
  private static func serve(_ stand: FaultStand, _ name: String) throws {
    let request = stand.request()
    _ = try stand.indexer.score(request.tokens, request: name)
    guard let delivered = try stand.serve(request, on: stand.subject, asking: false) else { return }
    var json = JSONWriter()
    json.object { json in
      json.field("request_id", name)
      json.field("endpoint", stand.subject.name)
      json.field("cached_tokens", delivered.cachedTokens)
      json.field("prompt_tokens", delivered.promptTokens)
    }
    try stand.indexer.post("/v1/feedback", json.bytes)
  }
}

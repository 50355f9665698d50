/// What is counted of snapshots.
final class SnapshotMetrics: Sendable {
  let written = Counter()
  let failures = Counter()
  /// Events wait so long.
  let captureSeconds = Histogram(bounds: Histogram.latencySeconds)
  let writeSeconds = Gauge()
  let bytes = Gauge()
  /// Seconds since 1970; 0 when none was written.
  let writtenAt = Gauge()
  /// Sources of a snapshot that were not configured again.
  let droppedSources = Counter()

  func add(to text: inout MetricsText) {
    let age = writtenAt.value == 0 ? 0 : max(WallClock.seconds() - writtenAt.value, 0)
    let gauges: [(String, String, Double)] = [
      ("kvindexer_snapshot_age_seconds", "Since the last snapshot was written; 0: never.", age),
      ("kvindexer_snapshot_bytes", "Size of the last snapshot.", bytes.value),
      ("kvindexer_snapshot_write_seconds", "Time to write the last one.", writeSeconds.value),
    ]
    for (name, help, value) in gauges {
      text.add(name, .gauge, help: help, [(labels: [], value: value)])
    }
    text.add(
      "kvindexer_snapshot_capture_seconds", help: "Time that events waited for a snapshot.",
      captureSeconds)
    let counters: [(String, String, Counter)] = [
      ("kvindexer_snapshots_total", "Snapshots written.", written),
      ("kvindexer_snapshot_failures_total", "Snapshots that could not be written.", failures),
      (
        "kvindexer_snapshot_sources_dropped_total",
        "Sources of a snapshot that were not configured again.", droppedSources
      ),
    ]
    for (name, help, counter) in counters {
      text.add(name, .counter, help: help, [(labels: [], value: Double(counter.value))])
    }
  }
}

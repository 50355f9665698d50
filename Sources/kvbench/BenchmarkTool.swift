import Glibc
import Service

/// The `kvbench` command: runs benchmarks by name and says whether their answers were right.
enum BenchmarkTool {
  /// One benchmark: its name on the command line, its line in the help, and what it runs.
  private struct Benchmark: Sendable {
    var name: String
    var summary: String
    var run: @Sendable (Scale, inout Report) throws -> Void
  }

  private static let benchmarks = [
    Benchmark(name: "match", summary: "keys → depths of all lanes") { MatchBenchmark.run($0, &$1) },
    Benchmark(name: "tokens", summary: "token ids → matches of all endpoints, in process") {
      TokensBenchmark.run($0, &$1)
    },
    Benchmark(name: "ingest", summary: "event bytes → index") { IngestBenchmark.run($0, &$1) },
    Benchmark(name: "removal", summary: "removals and clears") { RemovalBenchmark.run($0, &$1) },
    Benchmark(name: "memory", summary: "bytes a residency, fresh and after churn") {
      try MemoryBenchmark.run($0, &$1)
    },
    Benchmark(name: "snapshot", summary: "snapshots written, read, and asked of a peer") {
      try SnapshotBenchmark.run($0, &$1)
    },
    Benchmark(name: "inspect", summary: "walks over the whole index, and explanations") {
      InspectBenchmark.run($0, &$1)
    },
    Benchmark(name: "cache", summary: "a repeated prompt → its token ids, out of the cache") {
      CacheBenchmark.run($0, &$1)
    },
    Benchmark(name: "approximate", summary: "blocks sent before → leading blocks of all endpoints")
    {
      ApproximateBenchmark.run($0, &$1)
    },
    Benchmark(name: "visible", summary: "published event → visible to a match") {
      try VisibleBenchmark.run($0, &$1)
    },
    Benchmark(name: "parse", summary: "request bodies → what a router has to know") {
      try ParseBenchmark.run($0, &$1)
    },
    Benchmark(name: "schedule", summary: "candidates, loads and prefix hits → a pick") {
      ScheduleBenchmark.run($0, &$1)
    },
    Benchmark(name: "counters", summary: "what the picker's metrics cost a request, and a scrape") {
      PickerMetricsBenchmark.run($0, &$1)
    },
    Benchmark(name: "simulate", summary: "requests of a trace → a simulated fleet's results") {
      SimulateBenchmark.run($0, &$1)
    },
    Benchmark(name: "service", summary: "token ids over HTTP and gRPC → scores of 64 endpoints") {
      try ServiceBenchmark.run($0, &$1)
    },
  ]

  private static var help: String {
    let list = benchmarks.map { "  \($0.name.padded(to: 12))\($0.summary)" }
    return """
      usage: kvbench BENCHMARK [--only TEXT] [--smoke] [--seed N] [--markdown]
             kvbench treegen FILE [--markdown]
             kvbench extproc direct|envoy [--help]
             kvbench faults [--help]
             kvbench soak [--help]

      \(list.joined(separator: "\n"))
        treegen     a workload file of the peers' generator, checked and timed
        extproc     the picker behind Envoy, and with Envoy played by this process
        faults      what goes wrong, many times, with questions all the while
        soak        memory under churn without an end
        all         every benchmark but treegen, extproc, faults and soak

      --only TEXT  the cells whose names contain TEXT
      --smoke      a small version of everything, for continuous integration
      --seed N     another workload of the same shape; 1 unless told
      --markdown   the rows once more at the end, as a table

      The exit status is 1 when an answer was wrong. Timings never fail a run.
      """
  }

  /// Runs what `words` ask for; returns the exit status.
  static func run(_ words: [String]) -> Int32 {
    if let status = ExtProcCommand.run(words) ?? FaultsCommand.run(words) ?? SoakCommand.run(words)
    {
      return status
    }
    var words = words
    var scale = Scale()
    scale.isSmoke = takeFlag("--smoke", &words)
    let isMarkdown = takeFlag("--markdown", &words)
    if let index = words.firstIndex(of: "--seed") {
      guard index + 1 < words.count, let seed = UInt64(words[index + 1]) else {
        return fail("--seed takes a number")
      }
      scale.seed = seed
      words.removeSubrange(index...index + 1)
    }
    if let index = words.firstIndex(of: "--only") {
      guard index + 1 < words.count else { return fail("--only takes a part of a name") }
      scale.only = words[index + 1]
      words.removeSubrange(index...index + 1)
    }
    if words.isEmpty || takeFlag("--help", &words) {
      print(help)
      return 0
    }
    if let word = words.first(where: { $0.hasPrefix("--") }) {
      return fail("unknown option \(word)")
    }
    var report = Report()
    do {
      guard try run(words, scale, &report) else { return fail("there is no such benchmark") }
    } catch {
      return fail("\(error)")
    }
    if isMarkdown { print(report.markdown) }
    return report.finish()
  }

  /// - Returns: Whether there is such a benchmark.
  private static func run(
    _ words: [String], _ scale: Scale, _ report: inout Report
  ) throws -> Bool {
    if words.count == 2, words[0] == "treegen" {
      try TreegenBenchmark.run(file: words[1], &report)
      return true
    }
    let chosen = benchmarks.filter { words == ["all"] || words == [$0.name] }
    for benchmark in chosen { try benchmark.run(scale, &report) }
    return !chosen.isEmpty
  }

  private static func takeFlag(_ name: String, _ words: inout [String]) -> Bool {
    guard let index = words.firstIndex(of: name) else { return false }
    words.remove(at: index)
    return true
  }

  private static func fail(_ message: String) -> Int32 {
    Log.standardError("kvbench: \(message)\nkvbench --help tells the benchmarks.\n")
    return 2
  }
}

import Glibc
import Service
import Tokenize

/// `kvbench faults …`: what goes wrong, many times, with questions all the while.
enum FaultsCommand {
  static let help = """
      usage: kvbench faults [OPTION]…

      --seeds N        runs of each fault; 10 unless told
      --seed N         the seed of the first run; 1 unless told
      --at-once N      runs at a time; 1 unless told
      --only TEXT      the faults whose names contain TEXT
      --json FILE      the results as JSON
      --markdown       nothing but the table for a document, on standard output
      --commit TEXT    what was built, for that document
      --mutations      errors that are put in on purpose, each of which has to be found
      --drift          wrong residencies that only deliveries tell of: how long the audit takes
      --program PATH   the indexer that is killed; the one beside this executable unless told

    The exit status is 1 when an answer was wrong and called exact, or when a run ended otherwise
    than its fault promises. docs/RELIABILITY.md says what that means.
    """

  /// Runs what `words` ask for; nil when they are no command of this kind.
  static func run(_ words: [String]) -> Int32? {
    guard words.first == "faults" else { return nil }
    if words.contains("--help") {
      print(help)
      return 0
    }
    do {
      let options = try FaultOptions(Array(words.dropFirst()))
      return switch options.suite {
      case .matrix: judge(try run(FaultCatalog.all, options), options)
      case .mutations: judgeMutations(try run(FaultMutation.all, options))
      case .drift: try DriftCheck.run(options)
      }
    } catch {
      Log.standardError("kvbench: \(error)\n")
      return 2
    }
  }

  private static func run(_ faults: [Fault], _ options: FaultOptions) throws -> [FaultTally] {
    let wanted = faults.filter { options.wants($0.name) }
    guard !wanted.isEmpty else {
      throw SystemError("find a fault", reason: "no name contains '\(options.only ?? "")'")
    }
    let say = options.isMarkdown ? Log.standardError : StandardOutput.write
    let load = systemLoad()
    let start = MonotonicClock.nowNanoseconds()
    say("\(FaultTable.heading)\n")
    let tallies = FaultRuns(wanted, options) { say("\(FaultTable.line($0))\n") }.run()
    if options.isMarkdown {
      let seconds = Double(MonotonicClock.nowNanoseconds() - start) / 1e9
      let circumstances = FaultTable.Circumstances(options: options, load: load, seconds: seconds)
      StandardOutput.write(FaultTable.markdown(tallies, circumstances) + "\n")
    }
    if let file = options.json { try write(tallies, to: file) }
    for failure in tallies.flatMap(\.failures) where options.suite == .matrix {
      say("WRONG \(failure)\n")
    }
    return tallies
  }

  private static func judge(_ tallies: [FaultTally], _ options: FaultOptions) -> Int32 {
    let failures = tallies.reduce(0) { $0 + $1.failures.count }
    if !options.isMarkdown {
      print(
        "\n\(tallies.reduce(0) { $0 + $1.runs }) runs, \(FaultTable.wrong(tallies)) answers wrong "
          + "while exact, \(failures) failures")
    }
    return failures == 0 ? 0 : 1
  }

  /// Every mutation has to be found, by wrong answers.
  private static func judgeMutations(_ tallies: [FaultTally]) -> Int32 {
    let missed = tallies.filter { $0.wrong == 0 }.map(\.fault.name)
    print(
      missed.isEmpty
        ? "\nevery mutation was found" : "\nnot found: \(missed.joined(separator: ", "))")
    return missed.isEmpty ? 0 : 1
  }

  /// Processes that ran or waited for a core, on average over the last minute.
  private static func systemLoad() -> Double {
    var loads = [0.0]
    return getloadavg(&loads, 1) == 1 ? loads[0] : .nan
  }

  private static func write(_ tallies: [FaultTally], to file: String) throws {
    var json = JSONWriter()
    json.object { json in
      json.field("faults") { json in
        json.array { json in for tally in tallies { tally.write(to: &json) } }
      }
    }
    try FileBytes.write(json.bytes + Array("\n".utf8), to: file, mode: 0o644)
  }
}

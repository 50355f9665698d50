import Service
import Tokenize

/// `kvbench faults …`: what goes wrong, many times, with questions all the while.
enum FaultsCommand {
  static let help = """
      usage: kvbench faults [OPTION]…

      --seeds N        runs of each fault; 10 unless told
      --seed N         the seed of the first run; 1 unless told
      --only TEXT      the faults whose names contain TEXT
      --json FILE      the results as JSON
      --markdown       the table for a document at the end
      --mutations      errors that are put in on purpose, each of which has to be found
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
      return try run(FaultOptions(Array(words.dropFirst())))
    } catch {
      Log.standardError("kvbench: \(error)\n")
      return 2
    }
  }

  private static func run(_ options: FaultOptions) throws -> Int32 {
    let faults = (options.onlyMutations ? FaultMutation.all : FaultCatalog.all)
      .filter { options.wants($0.name) }
    guard !faults.isEmpty else {
      throw SystemError("find a fault", reason: "no name contains '\(options.only ?? "")'")
    }
    print("faults: seeds \(options.firstSeed)…\(options.firstSeed + options.seeds - 1)")
    print(FaultTable.heading)
    var tallies: [FaultTally] = []
    for fault in faults {
      var tally = FaultTally(fault)
      for seed in options.firstSeed..<options.firstSeed + options.seeds {
        let stand = try FaultStand(fault, seed: seed, program: options.program)
        defer { stand.stop() }
        tally.add(try stand.run(), seed: seed)
      }
      StandardOutput.write(FaultTable.line(tally) + "\n")
      tallies.append(tally)
    }
    if let file = options.json { try write(tallies, to: file) }
    return options.onlyMutations ? judgeMutations(tallies) : judge(tallies, options)
  }

  private static func judge(_ tallies: [FaultTally], _ options: FaultOptions) -> Int32 {
    if options.isMarkdown { print("\n" + FaultTable.markdown(tallies) + "\n") }
    let failures = tallies.flatMap(\.failures)
    for failure in failures { print("WRONG \(failure)") }
    print(
      "\n\(tallies.reduce(0) { $0 + $1.runs }) runs, \(tallies.reduce(0) { $0 + $1.wrong }) answers "
        + "wrong while exact, \(failures.count) failures")
    return failures.isEmpty ? 0 : 1
  }

  /// Every mutation has to be found, by wrong answers.
  private static func judgeMutations(_ tallies: [FaultTally]) -> Int32 {
    let missed = tallies.filter { $0.wrong == 0 }.map(\.fault.name)
    print(
      missed.isEmpty
        ? "\nevery mutation was found" : "\nnot found: \(missed.joined(separator: ", "))")
    return missed.isEmpty ? 0 : 1
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

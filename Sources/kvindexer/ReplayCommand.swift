import Service

/// `kvindexer replay`: feeds a recording to the index and checks its predictions.
enum ReplayCommand: Command {
  static let help = """
    usage: kvindexer replay PATH… [--events-only] [--quiet]

    PATH is a directory with frames*.jsonl (and requests.jsonl, the transcript), or one file of
    frames. Prints predicted against delivered tokens of every request; the exit status is 1 if
    any differ.

      --events-only   no reservations for requests in flight, and a cache reset counts only when
                      the engine announces it
      --quiet         only requests that differ, and the summary
    """

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    var options = RecordingReplay.Options()
    options.eventsOnly = arguments.flag("--events-only")
    let isQuiet = arguments.flag("--quiet")
    let paths = try arguments.rest()
    guard !paths.isEmpty else { throw UsageError(message: "PATH is missing") }
    var isEqual = true
    for path in paths {
      let report = try RecordingReplay.run(path: path, options: options)
      if paths.count > 1 { print("\(path):") }
      print(report.text(onlyDifferences: isQuiet))
      isEqual = isEqual && report.isEqual
    }
    return isEqual ? 0 : 1
  }
}

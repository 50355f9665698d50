import Glibc
import Service
import Tokenize

/// The `kvindexer` command: finds the subcommand and reports what goes wrong.
enum CommandLineTool {
  static let version = ProductVersion.current

  static let help = """
    kvindexer \(version) — which model server holds which prefix in its KV cache, exactly

    usage: kvindexer COMMAND [OPTIONS]

      demo        four simulated engines, the indexer and a workload, on this machine
      serve       the indexer service: follows engines' KV events, answers POST /v1/score
      score       ask a running service how much of a prompt each endpoint holds
      explain     and why, block by block, and which endpoint would be picked
      endpoints   list its endpoints: how far each can be believed, how full its cache is
      residency   what is resident where, by tier and namespace, and the most valuable prefixes
      decisions   recent picks of `epp`: predicted against delivered tokens, and regret
      sources     list event sources in detail
      audit       compare two indexers over the same engines, block by block
      snapshot    what is in a snapshot of an index
      doctor      examine endpoints step by step, and say what mends what is wrong
      register    make an endpoint known to a running service for as long as this runs
      unregister  and take it back
      tap         print a live engine's KV events, decoded
      record      write a live engine's event messages, or a service's picks, to a file
      engine      a simulated model server, to try things out without a GPU
      replay      feed a recording to the index; predicted against delivered tokens
      simulate    compare policies of routing on a trace, or on made-up requests
      version     print the version

    kvindexer COMMAND --help tells a command's options.
    """

  private static var commands: [(name: String, type: any Command.Type)] {
    [
      ("demo", DemoCommand.self), ("serve", ServeCommand.self), ("score", ScoreCommand.self),
      ("explain", ExplainCommand.self), ("endpoints", EndpointsCommand.self),
      ("residency", ResidencyCommand.self), ("decisions", DecisionsCommand.self),
      ("sources", SourcesCommand.self), ("doctor", DoctorCommand.self),
      ("register", RegisterCommand.self), ("unregister", UnregisterCommand.self),
      ("audit", AuditCommand.self), ("snapshot", SnapshotCommand.self),
      ("tap", TapCommand.self), ("record", RecordCommand.self), ("replay", ReplayCommand.self),
      ("engine", EngineCommand.self), ("simulate", SimulateCommand.self),
    ]
  }

  /// Runs the command that `words` name; returns the exit status.
  static func run(_ words: [String]) -> Int32 {
    guard let name = words.first, name != "--help", name != "-h", name != "help" else {
      print(help)
      return words.isEmpty ? 2 : 0
    }
    if name == "version" || name == "--version" {
      print("kvindexer \(version)")
      return 0
    }
    guard let command = commands.first(where: { $0.name == name })?.type else {
      let nearest = nearestName(to: name, among: commands.map(\.name))
      return fail(
        "there is no command '\(name)'" + (nearest.map { "; did you mean '\($0)'?" } ?? ""), 2)
    }
    if words.contains("--help") || words.contains("-h") {
      print(command.help)
      return 0
    }
    do {
      return try command.run(Arguments(Array(words.dropFirst())))
    } catch let error as UsageError {
      return fail("\(name): \(error.message)\nkvindexer \(name) --help tells the options.", 2)
    } catch {
      return fail("\(name): \(error)", 1)
    }
  }

  private static func fail(_ message: String, _ status: Int32) -> Int32 {
    Log.standardError("kvindexer: \(message)\n")
    return status
  }
}

/// One subcommand.
protocol Command: Sendable {
  static var help: String { get }
  static func run(_ arguments: Arguments) throws -> Int32
}

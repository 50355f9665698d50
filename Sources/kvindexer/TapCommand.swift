import Service

/// `kvindexer tap`: prints a live engine's events.
enum TapCommand: Command {
  static let help = """
    usage: kvindexer tap ENDPOINT [OPTIONS]

    ENDPOINT is where the engine publishes, for example tcp://127.0.0.1:5557.

      --replay ENDPOINT    the engine's replay endpoint: fetches what was missed
    \(StreamOptions.help)
    """

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let endpoint = try arguments.word("ENDPOINT")
    let replay = try arguments.option("--replay")
    let options = try StreamOptions(&arguments, endpoint: endpoint, replayEndpoint: replay)
    try arguments.finish()
    let signal = StopSignal()
    let tap = try Tap([options.target]) { StandardOutput.write($0 + "\n") }
    signal.wait(atMost: options.seconds.map { .seconds($0) })
    print(tap.stop())
    return 0
  }
}

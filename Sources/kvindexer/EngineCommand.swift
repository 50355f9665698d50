import Service
import Simulation

/// `kvindexer engine`: a simulated model server, to try things out without a GPU.
enum EngineCommand: Command {
  static let help = """
    usage: kvindexer engine [OPTIONS]

    Answers as vLLM does, with its scheduler and prefix cache and without a model: completions and
    chats (streamed or not), render, tokenize, models, metrics; publishes KV events. A token is a
    word; what it generates are words like t17.

      --port N             of the HTTP API (8000)
      --events-port N      where KV events are published (5557)
      --replay-port N      where they are replayed (5558)
      --host HOST          of all three (127.0.0.1)
      --model NAME         served name of its only model (simulated)
      --topic TOPIC        first frame of every event message (kv@HOST:PORT@MODEL)
      --blocks N           usable blocks of the KV cache (4096)
      --block-size N       tokens a block (16)
      --offer-snapshots    tell what is cached on the replay port, as vllm #50134 proposes it
      --step-us N          fixed time of a scheduler step (500)
      --token-us N         time of each token that is computed (10)

    Port 0 asks for a free one. What it got is printed, one line each, when it serves.
    """

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let configuration = try configuration(&arguments)
    try arguments.finish()
    let signal = StopSignal()
    let log = Log()
    let server = try SimulatedServer(configuration, log: { log(.debug, $0) })
    let actual = server.configuration
    StandardOutput.write(
      """
      HTTP on \(server.url)
      events on \(actual.eventEndpoint)
      replay on \(actual.replayEndpoint ?? "none")

      """)
    signal.wait()
    server.stop()
    return 0
  }

  private static func configuration(
    _ arguments: inout Arguments
  ) throws -> SimulatedServerConfiguration {
    let host = try arguments.option("--host") ?? "127.0.0.1"
    guard let name = HostName(host) else {
      throw UsageError(message: "--host takes an address or a name, not '\(host)'")
    }
    let blocks = try arguments.integer("--blocks", in: 1...1 << 24) ?? 4096
    let blockSize = try arguments.integer("--block-size", in: 1...4096) ?? 16
    var configuration = SimulatedServerConfiguration(
      engine: EngineConfiguration(blockCount: blocks + 1, blockSize: blockSize))
    if let model = try arguments.option("--model") { configuration.model = model }
    let port = try Self.port("--port", 8000, &arguments)
    configuration.address = .tcp(host: name.text, port: port)
    configuration.eventEndpoint = endpoint(name, try Self.port("--events-port", 5557, &arguments))
    configuration.replayEndpoint = endpoint(name, try Self.port("--replay-port", 5558, &arguments))
    configuration.topic =
      try arguments.option("--topic") ?? "kv@\(name):\(port)@\(configuration.model)"
    configuration.connectionsMax = 1024
    configuration.features.offersSnapshots = arguments.flag("--offer-snapshots")
    if let time = try arguments.integer("--step-us", in: 0...1_000_000) {
      configuration.stepTime.base = .microseconds(time)
    }
    if let time = try arguments.integer("--token-us", in: 0...1_000_000) {
      configuration.stepTime.perToken = .microseconds(time)
    }
    return configuration
  }

  private static func port(
    _ option: String, _ standard: UInt16, _ arguments: inout Arguments
  ) throws(UsageError) -> UInt16 {
    UInt16(try arguments.integer(option, in: 0...65_535) ?? Int(standard))
  }

  /// ZeroMQ asks for a free port with a star.
  private static func endpoint(_ host: HostName, _ port: UInt16) -> String {
    "tcp://\(host):" + (port == 0 ? "*" : "\(port)")
  }
}

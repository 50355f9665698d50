import Glibc
import KVIndexer
import Service

/// The options that name one engine's event stream.
private struct StreamOptions {
  static let help = """
      --bind               the engine connects to us (default where the host is *)
      --topic PREFIX       only messages whose topic begins so
      --seconds N          stop after N seconds (default: at Ctrl-C)
    """

  var target: SubscriptionTarget
  var seconds: Int?

  init(
    _ arguments: inout Arguments, endpoint: String, replayEndpoint: String? = nil
  ) throws(UsageError) {
    let isBound = arguments.flag("--bind")
    let topic = try arguments.option("--topic") ?? ""
    seconds = try arguments.integer("--seconds", in: 1...86_400)
    target = SubscriptionTarget(
      source: SourceID(0), endpoint: endpoint, replayEndpoint: replayEndpoint,
      isBound: isBound ? true : nil, topic: topic)
  }
}

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

/// `kvindexer record`: writes a live engine's messages to a file.
enum RecordCommand: Command {
  static let help = """
    usage: kvindexer record ENDPOINT FILE [OPTIONS]

    Writes one JSON line a message, {"t": …, "frames": [base64…]}, for `kvindexer replay FILE`.

    \(StreamOptions.help)
    """

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let endpoint = try arguments.word("ENDPOINT")
    let file = try arguments.word("FILE")
    let options = try StreamOptions(&arguments, endpoint: endpoint)
    try arguments.finish()
    let signal = StopSignal()
    let recorder = try FrameRecorder(options.target, path: file)
    signal.wait(atMost: options.seconds.map { .seconds($0) })
    let count = try recorder.stop()
    print("\(count) messages in \(file)")
    return 0
  }
}

import KVIndexer
import Service

/// The options that name one engine's event stream.
struct StreamOptions {
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

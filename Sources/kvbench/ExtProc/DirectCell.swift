/// A case of `extproc direct`.
struct DirectCell {
  /// What the design asks of whole requests, in microseconds where not a rate.
  struct Goal {
    var requestsPerSecond: Double
    var median: Double
    var serverMicroseconds: Double
  }

  static let streams = [1, 16, 64]

  /// Nil for the server that decides nothing.
  var configuration: PickerVariant?
  var endpoints: Int
  var tokens: Int
  var streams: Int

  /// Whether prompts are text; token ids otherwise.
  var isText: Bool { configuration == .approximate }

  var name: String {
    let form = isText ? "tokens of text" : "token ids"
    return "\(server), \(Double(tokens).grouped) \(form), \(streams) "
      + (streams == 1 ? "stream" : "streams")
  }

  /// Whose name begins with this belongs to the same process.
  private var server: String {
    configuration.map { "\($0.rawValue), \(endpoints) endpoints" } ?? "no-op"
  }

  var goal: Goal? {
    guard endpoints == 64, streams == 16 else { return nil }
    return switch (configuration, tokens) {
    case (.precise, 2048):
      Goal(requestsPerSecond: 10_000, median: 600, serverMicroseconds: 100)
    case (.precise, 8192):
      Goal(requestsPerSecond: 5000, median: 1200, serverMicroseconds: 200)
    case (.approximate, 2048):
      Goal(requestsPerSecond: 15_000, median: 400, serverMicroseconds: 60)
    default: nil
    }
  }

  var goRouter: GoRouterFigures? {
    configuration.flatMap {
      GoRouterFigures.of($0, endpoints: endpoints, tokens: tokens, streams: streams)
    }
  }
}

import Service

/// `kvindexer sources`: the event sources in detail.
enum SourcesCommand: Command {
  static let help = """
    usage: kvindexer sources [OPTIONS]

    \(ServiceLocation.help)
    """

  private struct Answer: Decodable {
    struct Stream: Decodable {
      var endpoint: String
      var lastSequence: Int?
      var gaps: Int
      var replays: Int
    }
    struct Counters: Decodable {
      var storedBlocks: Int
      var removedBlocks: Int
    }
    struct Source: Decodable {
      var endpoint: String
      var rank: Int
      var trust: String
      var reason: String?
      var warning: String?
      var incarnation: Int
      var blockSize: Int?
      var residencies: Int
      var counters: Counters
      var stream: Stream
    }
    var sources: [Source]
  }

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let location = try ServiceLocation(&arguments)
    try arguments.finish()
    let body = try location.ask("/v1/sources")
    if location.isJSON {
      print(String(decoding: body, as: UTF8.self))
      return 0
    }
    let answer = try location.read(Answer.self, from: body)
    var table = TextTable([
      "ENDPOINT", "RANK", "EVENTS", "SEQUENCE", "BLOCK", "RESIDENT", "STORED", "REMOVED", "GAPS",
      "REPLAYS", "LIFE", "TRUST", "",
    ])
    for source in answer.sources {
      table.add([
        source.endpoint, "\(source.rank)", source.stream.endpoint,
        source.stream.lastSequence.map(String.init) ?? "-",
        source.blockSize.map(String.init) ?? "-", "\(source.residencies)",
        "\(source.counters.storedBlocks)", "\(source.counters.removedBlocks)",
        "\(source.stream.gaps)", "\(source.stream.replays)", "\(source.incarnation)",
        source.trust, source.reason ?? source.warning ?? "",
      ])
    }
    print(table.text)
    return 0
  }
}

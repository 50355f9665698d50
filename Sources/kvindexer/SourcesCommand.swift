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
      "ENDPOINT", .number("RANK"), "EVENTS", .number("SEQUENCE"), .number("BLOCK"),
      .number("RESIDENT"), .number("STORED"), .number("REMOVED"), .number("GAPS"),
      .number("REPLAYS"), .number("LIFE"), "TRUST", "",
    ])
    for source in answer.sources {
      table.add([
        StyledText(source.endpoint, .strong), "\(source.rank)", "\(source.stream.endpoint)",
        "\(Quantity.count(source.stream.lastSequence))", "\(Quantity.count(source.blockSize))",
        "\(Quantity.count(source.residencies))", "\(Quantity.count(source.counters.storedBlocks))",
        "\(Quantity.count(source.counters.removedBlocks))",
        "\(Quantity.count(source.stream.gaps))", "\(Quantity.count(source.stream.replays))",
        "\(source.incarnation)", TrustText.text(source.trust),
        TrustText.reason(source.reason ?? source.warning),
      ])
    }
    Screen.standardOutput.print(table.lines)
    return 0
  }
}
